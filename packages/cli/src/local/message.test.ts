import { expect, test } from "vitest";
import type { ChildSpec } from "./child.ts";
import { toMessage } from "./message.ts";

const spec: ChildSpec = {
  name: "pilot",
  role: "pilot",
  command: "",
  args: [],
  cwd: "",
  env: {},
  logFile: "",
  isReady: () => Promise.resolve(true),
};

test("warnings and errors of a component's log are messages, with the reason", () => {
  const text = JSON.stringify({ level: "warn", message: "no certificate", err: { message: "connection refused" } });
  expect(toMessage({ child: spec, text })).toEqual({ child: "pilot", level: "warn", text: "no certificate: connection refused" });
});

test("what is only information, broken or an application's own business is none", () => {
  expect(toMessage({ child: spec, text: JSON.stringify({ level: "info", message: "listening" }) })).toBeUndefined();
  expect(toMessage({ child: spec, text: '{"level": "warn"' })).toBeUndefined();
  expect(toMessage({ child: { ...spec, role: "application" }, text: JSON.stringify({ level: "error", message: "x" }) })).toBeUndefined();
});
