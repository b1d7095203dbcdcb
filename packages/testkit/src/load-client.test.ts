import { expect, test } from "vitest";
import { startEchoServer } from "./echo-server.ts";
import { send, startClients, startConstantRate } from "./load-client.ts";
import { until } from "./until.ts";

test("an outcome carries status, headers and body of the whole answer", async () => {
  await using server = await startEchoServer({ name: "a" });
  const outcome = await send({ url: `${server.url}/x?status=201`, method: "POST", body: "hello", headers: { "x-test": "1" } });
  expect(outcome).toMatchObject({ kind: "response", status: 201 });
  expect(outcome.kind === "response" ? JSON.parse(outcome.body) : undefined).toMatchObject({
    server: "a",
    method: "POST",
    body: "hello",
    headers: { "x-test": "1" },
  });
});

test("what cannot be reached is an outcome, not an exception", async () => {
  const server = await startEchoServer();
  await server.close();
  expect(await send({ url: server.url })).toMatchObject({ kind: "error", code: "ECONNREFUSED" });
});

test("an answer that does not come in time is a TIMEOUT", async () => {
  await using server = await startEchoServer();
  expect(await send({ url: `${server.url}/?delayMs=5000`, timeoutMs: 50 })).toMatchObject({ kind: "error", code: "TIMEOUT" });
});

test("a constant rate loses no request: as many outcomes as were sent, errors included", async () => {
  await using server = await startEchoServer();
  const load = startConstantRate({
    ratePerSecond: 500,
    request: (turn) => ({ url: `${server.url}/${turn}?status=${turn % 2 === 0 ? 200 : 503}` }),
  });
  await until("60 requests are sent", () => load.sent >= 60);
  const summary = await load.stop();
  expect(summary.outcomes).toHaveLength(summary.sent);
  expect((summary.statuses[200] ?? 0) + (summary.statuses[503] ?? 0)).toBe(summary.sent);
  expect(server.requests).toBe(summary.sent);
});

test("clients send one after the other", async () => {
  await using server = await startEchoServer();
  const load = startClients({ clients: 3, request: () => ({ url: `${server.url}/` }) });
  await until("50 requests are answered", () => load.outcomes.length >= 50);
  expect(load.sent - load.outcomes.length).toBeLessThanOrEqual(3);
  expect(await load.stop()).toMatchObject({ errors: {} });
});
