import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createTempFolder } from "@fairlead/testkit";
import { peer } from "../../src/peers.ts";

/** What the conformance suite of HTTP/2 found out about a server. */
export interface H2specReport {
  /** Cases that were run, skipped ones not counted. */
  readonly ran: number;
  /** Cases without effect on this server, as `http2/5.1.2 Sends HEADERS frames …`. */
  readonly skipped: readonly string[];
  /** Cases that failed, each with what was expected and what came. */
  readonly failed: Readonly<Record<string, string>>;
}

export interface H2specOptions {
  readonly port: number;
  readonly isTls: boolean;
}

const RUN_LIMIT_MS = 150_000;

/** Runs every case, those included that the RFC recommends only (`--strict`). */
export async function runH2spec({ port, isTls }: H2specOptions): Promise<H2specReport> {
  using folder = createTempFolder("fairlead-h2spec-");
  const file = folder.join("report.xml");
  const options = ["--strict", "--timeout", "2", "--host", "127.0.0.1", "--port", String(port), "--junit-report", file];
  const output = await new Promise<string>((resolve) => {
    // Its exit code says that a case failed; which ones is in the report.
    execFile(peer("h2spec"), isTls ? [...options, "--tls", "--insecure"] : options, { timeout: RUN_LIMIT_MS }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  return parseReport(readReport(file, output));
}

function readReport(file: string, output: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`h2spec wrote no report; it said:\n${output.slice(-2_000)}`, { cause: error });
  }
}

const CASE = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

function parseReport(xml: string): H2specReport {
  const cases = [...xml.matchAll(CASE)].map(([, section = "", title = "", result = ""]) => ({ name: `${section} ${title}`, result }));
  const skipped = cases.filter(({ result }) => result.includes("<skipped"));
  const failed = cases.filter((each) => each.result.trim() !== "" && !skipped.includes(each));
  return {
    ran: cases.length - skipped.length,
    skipped: skipped.map(({ name }) => name),
    failed: Object.fromEntries(failed.map(({ name, result }) => [name, result.replace(/<[^>]*>/g, "").trim()])),
  };
}
