import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createProxyAdminClient, findProxy } from "@fairlead/cli";
import { send, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo();
});
afterAll(() => mesh.stop());

async function productPage(): Promise<string> {
  const outcome = await send({ url: `${mesh.gatewayUrl}/api/v1/products/0` });
  return outcome.kind === "response" ? `${outcome.status} ${outcome.body}` : outcome.code;
}

test("proxies that start while Pilot is down serve their last known good configuration, and follow Pilot when it is back", async () => {
  expect(await productPage()).toMatch(/^200 .*"details":\{"status":200/);
  const pilot = mesh.mesh.child("pilot");
  await pilot.stop(2_000);
  for (const name of ["ingressgateway-proxy", "details-v1-proxy", "productpage-v1-proxy"]) {
    const child = mesh.mesh.child(name);
    await child.stop(5_000);
    child.start();
    await child.untilReady({ signal: AbortSignal.timeout(20_000) });
  }
  await until("requests are served", async () => /^200 .*"details":\{"status":200.*"reviews":\{"status":200/.test(await productPage()), {
    timeoutMs: 15_000,
  });
  const admin = createProxyAdminClient(findProxy(mesh.mesh.description, "details-v1"));
  expect((await admin.serverInfo()).xds).toMatchObject({ connected: false, fromLastKnownGood: true });

  pilot.start();
  await pilot.untilReady({ signal: AbortSignal.timeout(20_000) });
  await until(
    "the proxy follows Pilot again",
    async () => {
      const { xds } = await admin.serverInfo();
      return xds.connected && !xds.fromLastKnownGood;
    },
    { timeoutMs: 40_000, intervalMs: 100 },
  );
  expect(await productPage()).toMatch(/^200 /);
});

test("proxies that start while Citadel and Pilot are down serve with the certificate they kept, and renew it when Citadel is back", async () => {
  const names = ["ingressgateway", "details-v1", "productpage-v1"];
  const admin = createProxyAdminClient(findProxy(mesh.mesh.description, "details-v1"));
  const serialNumber = async (): Promise<string | undefined> => (await admin.certificates()).certificate?.serialNumber;
  const kept = await serialNumber();
  const [pilot, citadel] = [mesh.mesh.child("pilot"), mesh.mesh.child("citadel")];
  await pilot.stop(2_000);
  await citadel.stop(2_000);
  for (const name of names) {
    const child = mesh.mesh.child(`${name}-proxy`);
    await child.stop(5_000);
    child.start();
    await child.untilReady({ signal: AbortSignal.timeout(30_000) });
  }
  // The sample is STRICT: what answers, answers over mutual TLS.
  await until("requests are served", async () => /^200 .*"details":\{"status":200.*"reviews":\{"status":200/.test(await productPage()), {
    timeoutMs: 15_000,
  });
  expect(await serialNumber()).toBe(kept);
  for (const name of names) {
    const folder = join(mesh.mesh.layout.stateDirectory, "proxies", name);
    for (const file of readdirSync(folder)) {
      expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
    }
  }
  const [, key = ""] = /BEGIN PRIVATE KEY-----\\n([^\\]+)/.exec(readFileSync(keptFile("details-v1"), "utf8")) ?? [];
  expect(key).not.toBe("");
  expect(JSON.stringify(await admin.configDump())).not.toContain(key);

  for (const server of [citadel, pilot]) {
    server.start();
    await server.untilReady({ signal: AbortSignal.timeout(20_000) });
  }
  await until("the certificate is a new one", async () => (await serialNumber()) !== kept, { timeoutMs: 40_000, intervalMs: 100 });
  expect(await productPage()).toMatch(/^200 /);
});

test("a proxy without any certificate starts from what it has on disk, and serves whole once Citadel is back", async () => {
  const [pilot, citadel, proxy] = [mesh.mesh.child("pilot"), mesh.mesh.child("citadel"), mesh.mesh.child("details-v1-proxy")];
  const admin = createProxyAdminClient(findProxy(mesh.mesh.description, "details-v1"));
  await pilot.stop(2_000);
  await citadel.stop(2_000);
  await proxy.stop(5_000);
  rmSync(keptFile("details-v1"));
  proxy.start();
  await until("the proxy has its last known good configuration", async () => (await admin.serverInfo()).xds.fromLastKnownGood, {
    timeoutMs: 15_000,
  });
  expect((await admin.serverInfo()).state).toBe("starting");
  citadel.start();
  await proxy.untilReady({ signal: AbortSignal.timeout(40_000) });
  await until("requests are served", async () => /^200 .*"details":\{"status":200/.test(await productPage()), { timeoutMs: 15_000 });
  pilot.start();
  await pilot.untilReady({ signal: AbortSignal.timeout(20_000) });
});

function keptFile(workload: string): string {
  return join(mesh.mesh.layout.stateDirectory, "proxies", workload, "certificate.json");
}
