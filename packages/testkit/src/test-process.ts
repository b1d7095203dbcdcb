import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { messageOf } from "@fairlead/kit";
import { until } from "./until.ts";

export interface TestProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Asked until true; without it the process counts as ready at once. */
  readonly isReady?: (process: TestProcess) => Promise<boolean> | boolean;
  readonly readyTimeoutMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process of a test, in a group of its own; `await using` ends it however the test ends. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** Every line of standard output and error so far. */
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  readonly isRunning: boolean;
  /** To the process and everything it started. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<Exit>;
  /** As a crash: SIGKILL. */
  kill(): Promise<Exit>;
}

const DEFAULT_READY_TIMEOUT_MS = 20_000;
const DEFAULT_GRACE_MS = 5_000;
const MAX_LINES = 50_000;

/** Starts a process and waits until it is ready; the error of one that is not carries its output. */
export async function startProcess(options: TestProcessOptions): Promise<TestProcess> {
  const { command, args = [], cwd, env, isReady = () => true, readyTimeoutMs = DEFAULT_READY_TIMEOUT_MS } = options;
  const child = spawn(command, [...args], { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      if (lines.length < MAX_LINES) lines.push(line);
    });
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve((exit = { code, signal })));
  });
  exited.catch(() => undefined);
  const pid = child.pid;
  if (pid === undefined) {
    await exited;
    throw new Error(`cannot start ${command}`);
  }
  const started = toTestProcess({ pid, lines, exited, exit: () => exit });
  try {
    await until(`${command} ${args.join(" ")} is ready`, async () => exit !== undefined || (await isReady(started)), {
      timeoutMs: readyTimeoutMs,
    });
    if (exit !== undefined && options.isReady !== undefined)
      throw new Error(`${command} ended before it was ready (${describeExit(exit)})`);
  } catch (error) {
    await started.kill();
    throw new Error(`${messageOf(error)}; its output:\n${lines.slice(-30).join("\n")}`, {
      cause: error,
    });
  }
  return started;
}

function toTestProcess(state: {
  readonly pid: number;
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  readonly exit: () => Exit | undefined;
}): TestProcess {
  const { pid, lines, exited } = state;
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // Gone already.
    }
  };
  const stop = async (graceMs = DEFAULT_GRACE_MS): Promise<Exit> => {
    signal("SIGTERM");
    await Promise.race([exited, until("it ends", () => state.exit(), { timeoutMs: graceMs }).catch(() => signal("SIGKILL"))]);
    return exited;
  };
  const kill = (): Promise<Exit> => {
    signal("SIGKILL");
    return exited;
  };
  return {
    pid,
    lines,
    exited,
    get isRunning() {
      return state.exit() === undefined;
    },
    signal,
    stop,
    kill,
    [Symbol.asyncDispose]: async () => void (await kill()),
  };
}

function describeExit(exit: Exit): string {
  return exit.signal === null ? `exit status ${exit.code}` : exit.signal;
}
