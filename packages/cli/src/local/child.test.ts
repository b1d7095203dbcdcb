import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@fairlead/kit";
import { afterAll, afterEach, expect, test } from "vitest";
import { Child, type ChildSpec, type ChildState } from "./child.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-child-"));
const started: Child[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function childOf(script: string, changes: Partial<ChildSpec> = {}): { readonly child: Child; readonly lines: string[] } {
  const lines: string[] = [];
  const spec: ChildSpec = {
    name: "x",
    role: "application",
    command: process.execPath,
    args: ["-e", script],
    cwd: folder,
    env: process.env,
    logFile: join(folder, "x.log"),
    isReady: () => Promise.resolve(lines.includes("ready")),
    ...changes,
  };
  const child = new Child(spec, { clock: systemClock, random: () => 0, onLine: ({ text }) => lines.push(text) });
  started.push(child);
  return { child, lines };
}

function untilState(child: Child, kind: ChildState["kind"]): Promise<ChildState> {
  return new Promise((resolve) => {
    const look = (state: ChildState): void => {
      if (state.kind !== kind) return;
      unsubscribe();
      resolve(state);
    };
    const unsubscribe = child.state.subscribe(look);
    look(child.state.value);
  });
}

const SERVES = `console.log("ready"); setInterval(() => undefined, 1000)`;
const { signal } = new AbortController();

test("a child is ready when its condition holds, and its output is kept", async () => {
  const { child } = childOf(SERVES);
  child.start();
  await child.untilReady({ signal });
  expect(child.pid).toBeGreaterThan(0);
  expect(readFileSync(join(folder, "x.log"), "utf8")).toContain("ready");
});

test("a child that is killed is started again, as another process", async () => {
  const { child } = childOf(SERVES);
  child.start();
  await child.untilReady({ signal });
  const first = child.pid;
  child.signal("SIGKILL");
  expect(await untilState(child, "restarting")).toMatchObject({ reason: "was ended by SIGKILL" });
  await child.untilReady({ signal });
  expect(child.pid).not.toBe(first);
  expect(child.crashes).toBe(1);
});

test("a child that keeps ending while it starts is given up, with the reason", async () => {
  const { child } = childOf(`console.error("bad settings"); process.exit(3)`);
  child.start();
  await expect(child.untilReady({ signal, maxCrashes: 1 })).rejects.toThrow("x ended with exit status 3");
  expect(child.lastLines).toContain("bad settings");
});

test("a program that does not exist is an error with its name", async () => {
  const { child } = childOf("", { command: join(folder, "missing") });
  child.start();
  await expect(child.untilReady({ signal, maxCrashes: 0 })).rejects.toThrow(/cannot be started.*missing/);
});

test("stop ends a child that ignores SIGTERM once its grace is over, and does not restart it", async () => {
  const { child } = childOf(`process.on("SIGTERM", () => undefined); ${SERVES}`);
  child.start();
  await child.untilReady({ signal });
  await child.stop(50);
  expect(child.state.value).toEqual({ kind: "stopped" });
  expect(child.crashes).toBe(0);
});

test("what a child started goes with it", async () => {
  const script = `require("node:child_process").spawn(process.execPath, ["-e", "console.log('pid ' + process.pid); setInterval(() => undefined, 1000)"], {stdio: "inherit"}); ${SERVES}`;
  const { child, lines } = childOf(script, { isReady: () => Promise.resolve(lines.some((line) => line.startsWith("pid "))) });
  child.start();
  await child.untilReady({ signal });
  const grandchild = Number(lines.find((line) => line.startsWith("pid "))?.slice(4));
  child.signal("SIGKILL");
  await child.stop(0);
  await expect.poll(() => isRunning(grandchild)).toBe(false);
});

/** A killed process may stay as a zombie where nobody reaps it: that is not running. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
