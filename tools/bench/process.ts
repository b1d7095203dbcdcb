import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, openSync, readFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A child process bound to one CPU; its output goes to a log file. */
export interface PinnedProcess {
  readonly pid: number;
  readonly logFile: string;
  readonly hasExited: () => boolean;
  /** Writes to its standard input, where it has one. */
  readonly say: (text: string) => void;
  /** Ends it, kindly first; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface PinOptions {
  readonly cpu: number;
  readonly command: readonly [string, ...string[]];
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** It reads what it is told. */
  readonly hasInput?: boolean;
  /** Others of its CPU come first: it would be on another machine. */
  readonly isBackground?: boolean;
}

const STOP_LIMIT_MS = 5_000;
/** A tenth of the weight of others: it gets on while the CPU is taken by them, and none of them waits for it. */
const BACKGROUND_NICENESS = 10;
const START_LIMIT_MS = 30_000;
const POLL_MS = 50;

export function startPinned(options: PinOptions): PinnedProcess {
  const log = openSync(options.logFile, "a");
  const priority = options.isBackground ? ["nice", "-n", String(BACKGROUND_NICENESS)] : [];
  // taskset and nice replace themselves by the program, so the child's id is the program's.
  const child = spawn("taskset", ["-c", String(options.cpu), ...priority, ...options.command], {
    stdio: [options.hasInput ? "pipe" : "ignore", log, log],
    env: { ...process.env, ...options.environment },
  });
  if (child.pid === undefined) throw new Error(`cannot start ${options.command.join(" ")}`);
  running.add(child);
  child.once("exit", () => running.delete(child));
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid,
    logFile: options.logFile,
    hasExited,
    say: (text) => void child.stdin?.write(text),
    stop: () => stopChild(child),
  };
}

const running = new Set<ChildProcess>();

/** For the end of the whole run, however it comes: no child outlives it. Kindly, because nginx takes its workers along only then. */
export function stopAll(): void {
  for (const child of running) child.kill("SIGTERM");
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

/** Waits until `isReady` says so; the error of a wait in vain carries the end of the process's log. */
export async function waitUntilReady(
  what: string,
  child: PinnedProcess,
  isReady: () => Promise<boolean>,
  limitMs = START_LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isReady())) {
    const complaint = child.hasExited()
      ? "ended at once"
      : performance.now() > deadline
        ? `was not ready after ${limitMs / 1000} s`
        : undefined;
    if (complaint !== undefined)
      throw new Error(`${what} ${complaint}; end of its log:\n${readFileSync(child.logFile, "utf8").slice(-3000)}`);
    await delay(POLL_MS);
  }
}

export function accepts(address: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export async function findFreePort(host = "127.0.0.1"): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

/** Full path of a program, undefined where it is not installed. */
export function findProgram(name: string, extraFolders: readonly string[] = []): string | undefined {
  const folders = [...extraFolders, ...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The first line that a program says about its version, on either stream. */
export function readVersion(program: string, argument: string, pattern: RegExp): string {
  let output: string;
  try {
    output = execFileSync("sh", ["-c", `"$0" "$1" 2>&1`, program, argument], { encoding: "utf8" });
  } catch {
    return "unknown version";
  }
  return pattern.exec(output)?.[1] ?? "unknown version";
}

/** A process and its children (nginx's workers). */
export function withChildren(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [
    pid,
    ...children
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  ];
}
