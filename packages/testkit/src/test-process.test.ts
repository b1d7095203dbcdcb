import { expect, test } from "vitest";
import { startProcess } from "./test-process.ts";

const LISTENS = `process.stdout.write("ready\\n"); setInterval(() => undefined, 1000)`;

test("a process is handed out when its condition holds", async () => {
  await using child = await startProcess({
    command: process.execPath,
    args: ["-e", LISTENS],
    isReady: ({ lines }) => lines.includes("ready"),
  });
  expect(child.isRunning).toBe(true);
});

test("a process that ends before it is ready is an error that shows its output", async () => {
  const starting = startProcess({
    command: process.execPath,
    args: ["-e", `console.error("no such file"); process.exit(3)`],
    isReady: () => false,
  });
  await expect(starting).rejects.toThrow(/exit status 3[\s\S]*no such file/);
});

test("kill ends it as a crash does", async () => {
  const child = await startProcess({
    command: process.execPath,
    args: ["-e", LISTENS],
    isReady: ({ lines }) => lines.includes("ready"),
  });
  expect(await child.kill()).toEqual({ code: null, signal: "SIGKILL" });
});
