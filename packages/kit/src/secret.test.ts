import { inspect } from "node:util";
import { expect, it } from "vitest";
import { createLogger } from "./log.ts";
import { Secret } from "./secret.ts";

it("a secret shows itself to nobody who does not ask for it", () => {
  const secret = new Secret("hunter2");
  const shown = [String(secret), secret.toString(), JSON.stringify({ secret }), inspect(secret), inspect({ deep: { secret } })];
  expect(shown.join(" ")).not.toContain("hunter2");
  expect(secret.reveal()).toBe("hunter2");
});

it("a logger leaves out what is named like a credential", () => {
  const lines: string[] = [];
  const logger = createLogger({ component: "test", destination: { write: (line: string) => void lines.push(line) } });
  logger.info({ token: "hunter2", request: { authorization: "hunter2" }, headers: { cookie: "hunter2" } }, "connected");
  expect(lines.join("")).not.toContain("hunter2");
  expect(lines.join("")).toContain('"message":"connected"');
});
