/**
 * h2load, which has streams, in the form of the other load generators: `http2.ts '{"host":…,"connections":8,"streams":16,…}'` prints one line of JSON. What
 * h2load prints lacks percentiles; they come from its log of requests.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadResult } from "./load.ts";

interface Job {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly hostHeader: string;
  readonly connections: number;
  /** At a time on each connection. */
  readonly streams: number;
  readonly seconds: number;
}

if (import.meta.main) console.log(JSON.stringify(run(JSON.parse(process.argv[2] ?? "{}"))));

function run({ host, port, path, hostHeader, connections, streams, seconds }: Job): LoadResult {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-h2load-"));
  try {
    const log = join(folder, "log");
    const load = ["-t", "1", "-c", String(connections), "-m", String(streams), "-D", String(seconds), `--log-file=${log}`];
    const output = execFileSync("h2load", [...load, `--connect-to=${host}:${port}`, `http://${hostHeader}${path}`], { encoding: "utf8" });
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
  const sortedUs = Float64Array.from(
    log.split("\n").filter((line) => line !== ""),
    (line) => Number(line.split("\t")[2]),
  ).toSorted();
  const at = (q: number): number => (sortedUs[Math.max(0, Math.ceil(q * sortedUs.length) - 1)] ?? 0) / 1000;
  return {
    requests: count("done") - count("errored"),
    seconds,
    non2xx: count("3xx") + count("4xx") + count("5xx"),
    socketErrors: count("errored"),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
