import { createLogger, FakeClock } from "@fairlead/kit";
import { expect, it } from "vitest";
import { createRetryLog } from "./retry-log.ts";

it("warns of the first failure, then once a minute, and again after a success", async () => {
  const lines: string[] = [];
  const logger = createLogger({ component: "test", destination: { write: (line) => lines.push(line) } });
  const clock = new FakeClock();
  const log = createRetryLog({ message: "no stream", clock, logger });
  const fail = (): void => log.failed({ server: "127.0.0.1:1", reason: "refused", retryInMs: 1.5 });
  fail();
  fail();
  await clock.advance(59_999);
  fail();
  expect(lines.length).toBe(1);
  await clock.advance(1);
  fail();
  expect(lines.length).toBe(2);
  log.succeeded();
  fail();
  expect(lines.length).toBe(3);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", message: "no stream", server: "127.0.0.1:1", retryInMs: 2 });
});
