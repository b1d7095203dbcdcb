import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Target } from "../contenders/contender.ts";
import type { Scenario } from "../scenarios.ts";

/** What a load generator saw. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly non2xx: number;
  /** Connections that failed, timed out or broke. */
  readonly socketErrors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly scenario: Scenario;
  readonly target: Target;
  readonly seconds: number;
  readonly cpu: number;
}

const execute = promisify(execFile);
const WRK_SCRIPT = fileURLToPath(new URL("report.lua", import.meta.url));
const HTTP2 = fileURLToPath(new URL("http2.ts", import.meta.url));
const OPEN_LOOP = fileURLToPath(new URL("open-loop.ts", import.meta.url));

/** Sends a scenario's requests for some seconds: wrk where it is a closed loop, h2load where it has streams, our own client where the rate is given. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { stdout } = await execute("taskset", ["-c", String(options.cpu), ...toCommand(options)], {
    timeout: (options.seconds + 30) * 1000,
  });
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`the load generator printed no result:\n${stdout.slice(-1000)}`);
  return parseResult(JSON.parse(line));
}

function toCommand({ scenario, target, seconds }: LoadOptions): readonly string[] {
  const { host, port, path, hostHeader } = target;
  const { connections, streams, requestsPerSecond } = scenario;
  if (streams !== undefined)
    return [process.execPath, HTTP2, JSON.stringify({ host, port, path, hostHeader, connections, streams, seconds })];
  if (requestsPerSecond === undefined) {
    const where = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--timeout", "5s", "-s", WRK_SCRIPT];
    return ["wrk", ...where, `http://${host}:${port}`, "--", path, hostHeader];
  }
  const job = { host, port, path, hostHeader, connections, requestsPerSecond, seconds };
  return [process.execPath, OPEN_LOOP, JSON.stringify(job)];
}

function parseResult(input: unknown): LoadResult {
  const field = (name: keyof LoadResult): number => {
    const value: unknown = typeof input === "object" && input !== null ? Reflect.get(input, name) : undefined;
    if (typeof value !== "number") throw new Error(`the load generator's result has no number ${name}: ${JSON.stringify(input)}`);
    return value;
  };
  return {
    requests: field("requests"),
    seconds: field("seconds"),
    non2xx: field("non2xx"),
    socketErrors: field("socketErrors"),
    p50Ms: field("p50Ms"),
    p99Ms: field("p99Ms"),
  };
}
