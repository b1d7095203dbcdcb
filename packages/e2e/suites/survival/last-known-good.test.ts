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
