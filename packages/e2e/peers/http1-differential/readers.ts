/** How a reader of HTTP/1 departs from the grammar. Each departure is one that programs in use have, or had. */
export interface Reader {
  readonly name: string;
  /** A line feed alone ends a line. */
  readonly bareLf?: boolean;
  /** A carriage return alone ends a line. */
  readonly bareCr?: boolean;
  /** A line that begins with white space goes on with the field before. */
  readonly folds?: boolean;
  /** White space between a field's name and its colon is nothing. */
  readonly spaceBeforeColon?: boolean;
  /** A line of the head that is no field is passed over. */
  readonly skipsBadFields?: boolean;
  /** Which of several lengths counts. */
  readonly lengths?: "first" | "last";
  /** What counts where a length and a transfer coding are given. */
  readonly both?: "length" | "coding";
  /** Everything that has `chunked` in it is chunked. */
  readonly looseCoding?: boolean;
  /** Numbers are read as C's `strtol` does: white space, signs and `0x` before, anything behind. */
  readonly looseNumbers?: boolean;
  /** Responses that cannot have a body (1xx, 204) have one where their fields say so. */
  readonly emptyHaveBodies?: boolean;
}

/** Refuses what RFC 9112 calls invalid, and what it lets a recipient refuse for having two readings. */
export const STRICT: Reader = { name: "strict" };

/** Readers that all must agree with the strict one about what a proxy of ours lets through. */
export const LENIENT: readonly Reader[] = [
  { name: "a bare line feed ends lines", bareLf: true },
  { name: "a bare carriage return ends lines", bareLf: true, bareCr: true },
  { name: "folded lines are joined", folds: true },
  { name: "space before the colon is nothing", spaceBeforeColon: true },
  { name: "bad field lines are passed over", skipsBadFields: true, bareLf: true },
  { name: "the length goes before the coding", both: "length", lengths: "first" },
  { name: "the coding goes before the length", both: "coding", lengths: "last", looseCoding: true },
  { name: "numbers are read by strtol", looseNumbers: true, lengths: "first" },
  { name: "a 204 has a body where it says so", emptyHaveBodies: true },
  {
    name: "everything at once",
    bareLf: true,
    folds: true,
    spaceBeforeColon: true,
    both: "coding",
    lengths: "last",
    looseCoding: true,
    looseNumbers: true,
  },
];

export type Field = readonly [name: string, value: string];

export interface Message {
  /** Request line or status line. */
  readonly start: string;
  readonly fields: readonly Field[];
  readonly body: string;
}

/** What a reader makes of the bytes of a connection: whole messages, and what is left then. */
export interface Reading {
  readonly messages: readonly Message[];
  readonly rest: "nothing" | "incomplete" | "refused";
  /** Why it is refused. */
  readonly fault?: string;
}

/** What a request is about. */
export interface Request {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
}

/** Thrown inside a reading only. */
class Refused extends Error {}
class Incomplete extends Error {}

/** Reads requests one after the other. */
export function readRequests(bytes: string, reader: Reader): Reading {
  return readAll(bytes, reader, (head) => {
    checkRequest(head, reader);
    return framingOf(head, reader) ?? { kind: "none" };
  });
}

/** Reads responses to requests of `methods`; `isClosed` says whether the connection has ended. */
export function readResponses(bytes: string, reader: Reader, methods: readonly string[], isClosed: boolean): Reading {
  let index = 0;
  return readAll(bytes, reader, (head) => {
    const match = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [\t \x21-\x7e\x80-\xff]*)?$/.exec(head.start);
    if (match === null) throw new Refused(`the status line "${head.start}"`);
    const status = Number(match[1]);
    if (head.start.startsWith("HTTP/1.0") && fieldOf(head.fields, "transfer-encoding") !== undefined && reader.both === undefined)
      throw new Refused("a transfer coding of HTTP/1.0");
    const method = methods[index];
    if (status >= 200) index += 1;
    if (method === undefined) throw new Refused("a response that nobody asked for");
    const framing = framingOf(head, reader);
    if (status === 304 || method === "HEAD") return { kind: "none" };
    const isEmpty = status < 200 || status === 204;
    if (isEmpty && (framing === undefined || !reader.emptyHaveBodies)) return { kind: "none" };
    return framing ?? (isClosed ? { kind: "close" } : { kind: "open" });
  });
}

/** The request in a message that any reader has read. */
export function toRequest({ start, fields, body }: Message): Request {
  const [method = "", written = ""] = start.split(/ +/);
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)(.*)$/i.exec(written);
  const host = absolute?.[1] ?? fieldOf(fields, "host") ?? "";
  const target = absolute === null ? written : absolute[2] === "" ? "/" : (absolute[2] ?? "/");
  return { method, target, host: host.toLowerCase(), body };
}

/** The first value of a field. */
export function fieldOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([key]) => key.toLowerCase() === name)?.[1];
}

interface Head {
  readonly start: string;
  readonly fields: readonly Field[];
}

type Framing = { readonly kind: "none" | "chunked" | "close" | "open" } | { readonly kind: "length"; readonly length: number };

function readAll(bytes: string, reader: Reader, frame: (head: Head) => Framing): Reading {
  const messages: Message[] = [];
  const cursor = { at: 0 };
  try {
    for (;;) {
      skipEmptyLine(bytes, cursor);
      if (cursor.at === bytes.length) return { messages, rest: "nothing" };
      const head = readHead(bytes, cursor, reader);
      messages.push({ ...head, body: readBody(bytes, cursor, frame(head), reader) });
    }
  } catch (error) {
    if (error instanceof Refused) return { messages, rest: "refused", fault: error.message };
    if (error instanceof Incomplete) return { messages, rest: "incomplete" };
    throw error;
  }
}

interface Cursor {
  at: number;
}

/** RFC 9112 section 2.2: empty lines before a request line are passed over. */
function skipEmptyLine(bytes: string, cursor: Cursor): void {
  while (bytes.startsWith("\r\n", cursor.at)) cursor.at += 2;
}

function readLine(bytes: string, cursor: Cursor, reader: Reader): string {
  const end = bytes.slice(cursor.at).search(reader.bareCr ? /\r\n?|\n/ : /\n/);
  if (end < 0) {
    if (/[\0]|\r(?!$)/.test(bytes.slice(cursor.at))) throw new Refused("a control character");
    throw new Incomplete();
  }
  const at = cursor.at + end;
  const line = bytes.slice(cursor.at, at);
  cursor.at = bytes.startsWith("\r\n", at) ? at + 2 : at + 1;
  if (reader.bareCr) return line;
  if (line.endsWith("\r")) return line.slice(0, -1);
  if (!reader.bareLf) throw new Refused("a bare line feed");
  return line;
}

/** Istio's limits, which are Envoy's defaults; extensions of chunks have no agreed limit. */
const MAX_HEAD_BYTES = 60 * 1024;
const MAX_FIELDS = 100;
const MAX_EXTENSION_BYTES = 8 * 1024;

function readHead(bytes: string, cursor: Cursor, reader: Reader): Head {
  const start = readLine(bytes, cursor, reader);
  if (reader === STRICT && start.length > MAX_HEAD_BYTES) throw new Refused("a line that is too long");
  const fields = readFields(bytes, cursor, reader);
  if (reader === STRICT && fields.length > MAX_FIELDS) throw new Refused("too many fields");
  return { start, fields };
}

function readFields(bytes: string, cursor: Cursor, reader: Reader): readonly Field[] {
  const fields: [string, string][] = [];
  const from = cursor.at;
  for (;;) {
    if (reader === STRICT && cursor.at - from > MAX_HEAD_BYTES) throw new Refused("a head that is too large");
    const line = readLine(bytes, cursor, reader);
    if (line === "") return fields;
    const last = fields.at(-1);
    if (reader.folds && last !== undefined && /^[\t ]/.test(line)) last[1] = `${last[1]} ${line.trim()}`;
    else {
      const field = toField(line, reader);
      if (field !== undefined) fields.push([...field]);
    }
  }
}

function toField(line: string, reader: Reader): Field | undefined {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)([\t ]*):[\t ]*([\t \x21-\x7e\x80-\xff]*)$/.exec(line);
  const [, name = "", space = "", value = ""] = match ?? [];
  if (match !== null && (space === "" || reader.spaceBeforeColon)) return [name, value.replace(/[\t ]+$/, "")];
  if (reader.skipsBadFields) return undefined;
  throw new Refused(`the field line "${line.slice(0, 40)}"`);
}

const TARGET = /^[\x21\x22\x24-\x7e]+$/;
const HOST = /^(?:\[[0-9a-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9a-f]{2})*)(?::\d*)?$/i;

function checkRequest({ start, fields }: Head, reader: Reader): void {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^ ]+) HTTP\/1\.([0-9])$/.exec(start);
  if (match === null) throw new Refused(`the request line "${start.slice(0, 60)}"`);
  const [, method = "", target = "", minor = ""] = match;
  if (!TARGET.test(target)) throw new Refused("a character in the target");
  const hosts = fields.filter(([name]) => name.toLowerCase() === "host");
  if (hosts.length > 1 && reader === STRICT) throw new Refused("several hosts");
  if (hosts.length === 0 && minor !== "0") throw new Refused("no host");
  if (hosts.some(([, value]) => !HOST.test(value)) && reader === STRICT) throw new Refused("the host");
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)/i.exec(target);
  const isValid =
    method === "CONNECT"
      ? /^[^/?#@]+:\d+$/.test(target)
      : target.startsWith("/") || (target === "*" && method === "OPTIONS") || absolute !== null;
  if (!isValid || (absolute !== null && (absolute[1] === "" || !HOST.test(absolute[1] ?? "")))) throw new Refused("the form of the target");
  if (minor === "0" && fieldOf(fields, "transfer-encoding") !== undefined && reader.both === undefined)
    throw new Refused("a transfer coding of HTTP/1.0");
}

function framingOf({ fields }: Head, reader: Reader): Framing | undefined {
  const lengths = fields.filter(([name]) => name.toLowerCase() === "content-length").map(([, value]) => value);
  const codings = fields.filter(([name]) => name.toLowerCase() === "transfer-encoding").map(([, value]) => value);
  const isChunked = codings.length > 0 && readCoding(codings, reader);
  if (lengths.length > 0 && codings.length > 0 && reader.both === undefined) throw new Refused("a length and a transfer coding");
  const length = readLength(lengths, reader);
  if (isChunked && !(reader.both === "length" && length !== undefined)) return { kind: "chunked" };
  return length === undefined ? undefined : { kind: "length", length };
}

function readCoding(codings: readonly string[], reader: Reader): boolean {
  const all = codings.join(", ").toLowerCase();
  if (all === "chunked") return true;
  if (reader.looseCoding) return all.includes("chunked");
  throw new Refused(`the transfer coding "${all}"`);
}

function readLength(values: readonly string[], reader: Reader): number | undefined {
  if (values.length === 0) return undefined;
  const all = values.flatMap((value) => value.split(","));
  if (all.length > 1 && reader.lengths === undefined) throw new Refused("several lengths");
  const text = (reader.lengths === "first" ? all[0] : all.at(-1)) ?? "";
  if (reader.looseNumbers) return Math.max(0, Number.parseInt(text, 10) || 0);
  if (!/^[\t ]*\d+[\t ]*$/.test(text)) throw new Refused(`the length "${text}"`);
  const length = Number(text);
  if (length > Number.MAX_SAFE_INTEGER) throw new Refused("a length that no number holds");
  return length;
}

function readBody(bytes: string, cursor: Cursor, framing: Framing, reader: Reader): string {
  switch (framing.kind) {
    case "none":
      return "";
    case "length":
      return take(bytes, cursor, framing.length);
    case "close":
      return take(bytes, cursor, bytes.length - cursor.at);
    case "open":
      throw new Incomplete();
    case "chunked":
      return readChunks(bytes, cursor, reader);
  }
}

function take(bytes: string, cursor: Cursor, length: number): string {
  if (bytes.length - cursor.at < length) throw new Incomplete();
  cursor.at += length;
  return bytes.slice(cursor.at - length, cursor.at);
}

const EXTENSION =
  /^(?:[\t ]*;[\t ]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))?)*$/;

function readChunks(bytes: string, cursor: Cursor, reader: Reader): string {
  let body = "";
  for (;;) {
    const size = readChunkSize(readLine(bytes, cursor, reader), reader);
    if (size === 0) {
      readFields(bytes, cursor, reader);
      return body;
    }
    body += take(bytes, cursor, size);
    skipChunkEnd(bytes, cursor, reader);
  }
}

function skipChunkEnd(bytes: string, cursor: Cursor, reader: Reader): void {
  const end = bytes.slice(cursor.at, cursor.at + 2);
  if (end === "" || end === "\r") throw new Incomplete();
  const isLineFeed = reader.bareLf === true && end.startsWith("\n");
  if (!isLineFeed && end !== "\r\n") throw new Refused("bytes behind a chunk");
  cursor.at += isLineFeed ? 1 : 2;
}

function readChunkSize(line: string, reader: Reader): number {
  if (reader.looseNumbers) return Math.max(0, Number.parseInt(line, 16) || 0);
  const match = /^([0-9a-fA-F]+)(.*)$/.exec(line);
  if (match === null || !EXTENSION.test(match[2] ?? "")) throw new Refused(`the chunk size "${line.slice(0, 40)}"`);
  if (line.length > MAX_EXTENSION_BYTES) throw new Refused("a chunk extension that is too long");
  const size = Number.parseInt(match[1] ?? "", 16);
  if (size > Number.MAX_SAFE_INTEGER) throw new Refused("a chunk size that no number holds");
  return size;
}
