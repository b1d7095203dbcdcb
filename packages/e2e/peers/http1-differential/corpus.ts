import { readFileSync } from "node:fs";

/** Where the cases and the golden tables are. */
export const FOLDER = new URL("../../testdata/http1-differential/", import.meta.url);

/**
 * What the RFCs say about a message. `invalid`: refused, and no byte of it goes on. `invalid-body`: the fault is behind the head, which may have gone on
 * already, but never as a complete message. `valid`: to be understood. `free`: a recipient may do either.
 */
export type Verdict = "valid" | "invalid" | "invalid-body" | "free";

export interface WireCase {
  /** A sentence. */
  readonly name: string;
  readonly verdict: Verdict;
  /** Section of the RFC, and what it says. */
  readonly reason: string;
  /** Further lines `key: value` of the case. */
  readonly options: Readonly<Record<string, string>>;
  /** What is sent, one character per byte. */
  readonly bytes: string;
}

const VERDICTS: readonly Verdict[] = ["valid", "invalid", "invalid-body", "free"];

/**
 * Reads a file of cases. `## ` begins one with its name, then come its verdict with the reason, options, and behind `|` the lines on the wire. A line ends
 * with CR LF unless it says `{LF}`, `{CR}` or `{END}` (nothing) itself. `{NUL}`, `{TAB}`, `{SP}`, `{x7f}` are bytes, `{300 x ab}` repeats
 * (with `&` for a line end) and `{300 lines a: b}` repeats with line ends.
 */
export function readCases(file: string): readonly WireCase[] {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  return text
    .split(/^## /m)
    .slice(1)
    .map((block) => toCase(file, block));
}

function toCase(file: string, block: string): WireCase {
  const [name = "", ...lines] = block.split("\n").filter((line) => !line.startsWith("# ") && line !== "");
  const [verdictLine = "", ...rest] = lines;
  const [verdictText, reason] = splitOnce(verdictLine);
  const verdict = VERDICTS.find((known) => known === verdictText);
  if (verdict === undefined) throw new Error(`${file}: "${name}" has the verdict "${verdictText}"; use one of ${VERDICTS.join(", ")}`);
  const wire = rest.filter((line) => line.startsWith("|"));
  const options = Object.fromEntries(rest.filter((line) => !line.startsWith("|")).map(splitOnce));
  return { name, verdict, reason, options, bytes: wire.map(toBytes).join("") };
}

function splitOnce(line: string): readonly [string, string] {
  const at = line.indexOf(":");
  return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

const NAMED: Readonly<Record<string, string>> = { LF: "\n", CR: "\r", END: "", NUL: "\0", TAB: "\t", SP: " " };
const LINE_END = /\{(?:LF|CR|END)\}$/;

/** The bytes of one line behind its bar. */
export function toBytes(line: string): string {
  const content = line.replace(/^\| ?/, "");
  const bytes = content.replace(/\{([^{}]*)\}/g, (_, escape: string) => expand(escape));
  return LINE_END.test(content) ? bytes : `${bytes}\r\n`;
}

function expand(escape: string): string {
  const named = NAMED[escape];
  if (named !== undefined) return named;
  const byte = /^x([0-9a-f]{2})$/.exec(escape);
  if (byte?.[1] !== undefined) return String.fromCharCode(Number.parseInt(byte[1], 16));
  const repeated = /^(\d+) (x|lines) (.*)$/.exec(escape);
  if (repeated === null) throw new Error(`"{${escape}}" is no escape of this file`);
  const [, count, kind, text = ""] = repeated;
  return (kind === "lines" ? `${text}\r\n` : text.replaceAll("&", "\r\n")).repeat(Number(count));
}

/** Bytes so that people can read them, at most `limit` characters. */
export function toReadable(bytes: string, limit = 100): string {
  const text = JSON.stringify(bytes)
    .slice(1, -1)
    .replaceAll("\\r\\n", "⏎")
    .replace(/[\u007f-\u00ff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${bytes.length} bytes)`;
}

/** One path on a line, with the escapes of cases. */
export function readPaths(file: string): readonly string[] {
  const lines = readFileSync(new URL(file, FOLDER), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => toBytes(`| ${line}{END}`));
}
