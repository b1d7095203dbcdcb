/**
 * h2load, which has streams, in the form of the other load generators: `http2.ts '{"host":…,"connections":8,"streams":16,…}'` prints one line of JSON. What
 * h2load prints lacks percentiles; they come from its log of requests.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRPC_MESSAGE } from "../contenders/contender.ts";
import type { LoadResult } from "./load.ts";
import { toPercentiles } from "./percentiles.ts";

interface Job {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly hostHeader: string;
  readonly connections: number;
  /** At a time on each connection. */
  readonly streams: number;
  readonly seconds: number;
  /** The requests carry a message in gRPC's framing and say so. */
  readonly isGrpc: boolean;
}

if (import.meta.main) console.log(JSON.stringify(run(JSON.parse(process.argv[2] ?? "{}"))));

function run({ host, port, path, hostHeader, connections, streams, seconds, isGrpc }: Job): LoadResult {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-h2load-"));
  try {
    const log = join(folder, "log");
    const load = ["-t", "1", "-c", String(connections), "-m", String(streams), "-D", String(seconds), `--log-file=${log}`];
    const message = join(folder, "message");
    writeFileSync(message, GRPC_MESSAGE);
    const call = isGrpc ? ["-d", message, "-H", "content-type: application/grpc", "-H", "te: trailers"] : [];
    const where = [`--connect-to=${host}:${port}`, `http://${hostHeader}${path}`];
    const output = execFileSync("h2load", [...load, ...call, ...where], { encoding: "utf8" });
    return parseH2load(output, readFileSync(log, "utf8"), seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What h2load's closing lines and its log (start, status and microseconds of each request, by tabs) say about a run of `seconds`. */
export function parseH2load(output: string, log: string, seconds: number): LoadResult {
  const count = (what: string): number => {
    const found = new RegExp(`(\\d+) ${what}\\b`).exec(output)?.[1];
    if (found === undefined) throw new Error(`h2load said nothing of ${what}:\n${output.slice(-1000)}`);
    return Number(found);
  };
  const latenciesMs = Float64Array.from(
    log.split("\n").filter((line) => line !== ""),
    (line) => Number(line.split("\t")[2]) / 1000,
  );
  return {
    requests: count("done") - count("errored"),
    seconds,
    non2xx: count("3xx") + count("4xx") + count("5xx"),
    socketErrors: count("errored"),
    ...toPercentiles(latenciesMs),
  };
}
