import { systemClock } from "@fairlead/kit";
import { send, startConstantRate, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo();
});
afterAll(() => mesh.stop());

/** Header `x-route` of the gateway's answer. */
async function routeHeader(): Promise<string | undefined> {
  const outcome = await send({ url: `${mesh.gatewayUrl}/api/v1/products/0` });
  if (outcome.kind === "error") throw new Error(outcome.code);
  return outcome.status === 200 ? String(outcome.headers["x-route"]) : undefined;
}

test("an edit takes effect on live traffic within a second", async () => {
  mesh.edit("gateway.yaml", (text) =>
    text.replace("- name: productpage", `- name: productpage\n      headers: {response: {set: {x-route: one}}}`),
  );
  await until("the first edit serves", async () => (await routeHeader()) === "one");
  const delaysMs: number[] = [];
  for (const [before, after] of [
    ["one", "two"],
    ["two", "three"],
    ["three", "four"],
  ] as const) {
    const start = systemClock.monotonic();
    mesh.edit("gateway.yaml", (text) => text.replace(`x-route: ${before}`, `x-route: ${after}`));
    await until(`${after} serves`, async () => (await routeHeader()) === after, { intervalMs: 5 });
    delaysMs.push(systemClock.monotonic() - start);
  }
  expect(Math.max(...delaysMs)).toBeLessThan(1_000);
});

test("an invalid file is refused with file, line, field and reason, and the last good configuration keeps serving", async () => {
  const load = startConstantRate({ ratePerSecond: 20, request: () => ({ url: `${mesh.gatewayUrl}/api/v1/products/0` }) });
  mesh.edit("routing.yaml", (text) => text.replace("weight: 100", "weight: many"));
  const problem = await until("pilot reports the mistake", async () =>
    (await mesh.pilot.problems()).find(({ severity }) => severity === "error"),
  );
  expect(problem.origin).toMatchObject({
    kind: "VirtualService",
    name: "reviews",
    file: "routing.yaml",
    path: "spec.http[1].route[0].weight",
  });
  expect(problem.origin.line).toBeGreaterThan(1);
  expect(problem.message).toContain("weight");
  const answered = load.outcomes.length;
  await until("some more requests are answered", () => load.outcomes.length > answered + 20);
  mesh.edit("routing.yaml", (text) => text.replace("weight: many", "weight: 100"));
  await until("the mistake is gone", async () => (await mesh.pilot.problems()).every(({ severity }) => severity !== "error"));
  const summary = await load.stop();
  expect(summary.errors).toEqual({});
  expect(summary.statuses).toEqual({ 200: summary.sent });
  for (const outcome of summary.outcomes) expect(outcome.kind === "response" && outcome.body).toContain('"version":"v1"');
});
