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
  readonly p999Ms: number;
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
const BYTES = fileURLToPath(new URL("bytes.ts", import.meta.url));
const HANDSHAKES = fileURLToPath(new URL("handshakes.ts", import.meta.url));

/**
 * Sends a scenario's requests for some seconds: wrk where it is a closed loop, h2load where it has streams, clients of our own where the rate is given and
 * where each request has to do with its connection.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { stdout } = await execute("taskset", ["-c", String(options.cpu), ...toCommand(options)], {
    timeout: (options.seconds + 30) * 1000,
  });
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`the load generator printed no result:\n${stdout.slice(-1000)}`);
  return parseResult(JSON.parse(line));
}

/** A client of ours. */
function own(program: string, job: object): readonly string[] {
  return [process.execPath, program, JSON.stringify(job)];
}

function toCommand({ scenario, target, seconds }: LoadOptions): readonly string[] {
  const { host, port, path, hostHeader } = target;
  const { topology, connections, streams, requestsPerSecond } = scenario;
  const job = { ...target, connections, seconds };
  if (topology === "tcp-pair") return own(BYTES, job);
  if (topology === "handshake") return own(HANDSHAKES, job);
  if (streams !== undefined) return own(HTTP2, { ...job, streams, isGrpc: topology === "grpc" });
  if (requestsPerSecond !== undefined) return own(OPEN_LOOP, { ...job, requestsPerSecond });
  const where = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--timeout", "5s", "-s", WRK_SCRIPT];
  return ["wrk", ...where, `http://${host}:${port}`, "--", path, hostHeader];
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
    p999Ms: field("p999Ms"),
  };
}
