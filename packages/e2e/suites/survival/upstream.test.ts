import { send, startConstantRate, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoService, startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo({ files: echoService() });
});
afterAll(() => mesh.stop());

const echo = (path = "/"): Parameters<typeof send>[0] => ({ url: `${mesh.gatewayUrl}${path}`, headers: { host: "echo.example" } });

test("an application that is killed under load answers 503 at once while it is down, and is used again when it is back", async () => {
  const load = startConstantRate({ ratePerSecond: 50, request: () => echo() });
  await until("load runs", () => load.outcomes.length > 25);
  const child = mesh.mesh.child("echo-v1");
  await child.stop(0);
  const down = load.outcomes.length;
  await until("some requests met it down", () => load.outcomes.length > down + 50);
  child.start();
  await child.untilReady({ signal: AbortSignal.timeout(10_000) });
  const up = load.outcomes.length;
  await until("requests are answered again", () =>
    load.outcomes.slice(up).some((outcome) => outcome.kind === "response" && outcome.status === 200),
  );
  const { outcomes, errors, statuses, sent } = await load.stop();
  expect(errors).toEqual({});
  expect((statuses[200] ?? 0) + (statuses[503] ?? 0)).toBe(sent);
  expect(statuses[503]).toBeGreaterThan(25);
  expect(Math.max(...outcomes.map(({ durationMs }) => durationMs))).toBeLessThan(3_000);
});

test("the telemetry of it says why: an upstream failure flag at the server's proxy", async () => {
  const flags = await until(
    "mixer knows the flags",
    async () => {
      const { rows } = await mesh.mixer.requests({
        window: "5m",
        reporter: "destination",
        destination: "echo",
        code: "503",
        groupBy: "flags",
      });
      return rows.length > 0 && rows.map((row) => row.labels.flags ?? "");
    },
    { timeoutMs: 20_000, intervalMs: 250 },
  );
  for (const flag of flags) expect(flag).toMatch(/UF|UC|UH/);
});

test("a request that is under way when its application dies gets an answer, not silence", async () => {
  const waiting = send({ ...echo("/?delayMs=5000"), timeoutMs: 8_000 });
  const child = mesh.mesh.child("echo-v1");
  await until("the request has arrived", async () => {
    const outcome = await send(echo());
    return outcome.kind === "response" && outcome.status === 200;
  });
  child.signal("SIGKILL");
  expect(await waiting).toMatchObject({ kind: "response", status: 503 });
  await child.untilReady({ signal: AbortSignal.timeout(10_000) });
});
