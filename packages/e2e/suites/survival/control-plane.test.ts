import { createProxyAdminClient } from "@fairlead/cli";
import { sleep, systemClock } from "@fairlead/kit";
import { startConstantRate, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo();
});
afterAll(() => mesh.stop());

async function proxiesAreConnected(): Promise<boolean> {
  const infos = await Promise.all(mesh.mesh.description.proxies.map((proxy) => createProxyAdminClient(proxy).serverInfo()));
  return infos.every(({ xds, report }) => xds.connected && report?.connected !== false);
}

test.each(["pilot", "mixer", "citadel"])(
  "%s may be killed and restarted under load: no request fails and every proxy is connected again",
  async (name) => {
    const load = startConstantRate({ ratePerSecond: 40, request: () => ({ url: `${mesh.gatewayUrl}/api/v1/products/0` }) });
    await until("load runs", () => load.outcomes.length > 20);
    const child = mesh.mesh.child(name);
    const { pid } = child;
    child.signal("SIGKILL");
    await until(`${name} is another process and ready`, () => child.pid !== pid && child.state.value.kind === "ready", {
      timeoutMs: 20_000,
    });
    await until("every proxy is connected", proxiesAreConnected, { timeoutMs: 30_000, intervalMs: 100 });
    const answered = load.outcomes.length;
    await until("load goes on", () => load.outcomes.length > answered + 20);
    const summary = await load.stop();
    expect(summary.errors).toEqual({});
    expect(summary.statuses).toEqual({ 200: summary.sent });
    for (const outcome of summary.outcomes)
      expect(outcome.kind === "response" && outcome.body).toMatch(/"details":\{"status":200.*"reviews":\{"status":200/);
  },
);

test("reports made while Mixer was dead are not lost", async () => {
  const countAtGateway = async (): Promise<number> =>
    (await mesh.mixer.requests({ window: "15m", reporter: "source", source: "ingressgateway", groupBy: "" })).rows.reduce(
      (sum, row) => sum + row.count,
      0,
    );
  await until(
    "mixer's count rests",
    async () => {
      const before = await countAtGateway();
      await sleep(systemClock, 3_000);
      return before > 0 && before === (await countAtGateway());
    },
    { timeoutMs: 30_000 },
  );
  const before = await countAtGateway();
  const child = mesh.mesh.child("mixer");
  await child.stop(0);
  const load = startConstantRate({ ratePerSecond: 50, request: () => ({ url: `${mesh.gatewayUrl}/api/v1/products/0` }) });
  await until("100 requests are answered", () => load.outcomes.length >= 100);
  const { sent } = await load.stop();
  child.start();
  await child.untilReady({ signal: AbortSignal.timeout(20_000) });
  await until("mixer has counted them all", async () => (await countAtGateway()) >= before + sent, { timeoutMs: 40_000, intervalMs: 250 });
  expect(await countAtGateway()).toBe(before + sent);
});
