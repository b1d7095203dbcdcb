/** Frames as the engine makes and reads them (`crates/filter/src/module`). */

/** A message, as far as a test says it. */
export interface Shown {
  /** A response has one. */
  readonly status?: number;
  readonly method?: string;
  readonly path?: string;
  readonly route?: string;
  readonly client?: string;
  readonly principal?: string;
  readonly metadata?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** An answer in words. */
export interface ParsedAnswer {
  readonly call: number;
  readonly kind: "changes" | "reply" | "failed" | "loaded" | "not-loaded";
  readonly flags?: number;
  readonly status?: number;
  readonly changes?: readonly (readonly [string, string, string])[];
  readonly fields?: readonly (readonly [string, string])[];
  readonly metadata?: string;
  readonly body?: string;
  /** Most bytes of bodies: of requests, of responses. */
  readonly maxBytes?: readonly [number, number];
  readonly of?: "module" | "config";
  readonly message?: string;
}

export function loadFrame(call: number, instance: number, module: string, config: string): Buffer {
  return frame(0, call, instance, [text(module), text(config)]);
}

export function releaseFrame(instance: number): Buffer {
  return frame(1, 0, instance, []);
}

export function shownFrame(call: number, instance: number, shown: Shown): Buffer {
  const { status, method = "GET", path = "/", route = "", client = "", principal = "", metadata = "", headers = [], body } = shown;
  const texts = [method, path, "host", "http", route, client, principal, metadata].map(text);
  const fields = headers.map(([name, value]) => Buffer.concat([u16(name.length), Buffer.from(name), text(value)]));
  const content = body === undefined ? [Buffer.of(0)] : [Buffer.of(1), text(body)];
  return frame(status === undefined ? 2 : 3, call, instance, [u16(status ?? 0), ...texts, u16(fields.length), ...fields, ...content]);
}

export function* parseAnswers(batch: Buffer): Generator<ParsedAnswer> {
  for (let offset = 0; offset < batch.length;) {
    const end = offset + 8 + batch.readUInt32LE(offset + 4);
    yield parseAnswer(batch.readUInt32LE(offset), new Cursor(batch.subarray(offset + 8, end)));
    offset = end;
  }
}

const ACTIONS = ["remove", "set", "append"] as const;

function parseAnswer(call: number, cursor: Cursor): ParsedAnswer {
  const kind = (["changes", "reply", "failed", "loaded", "not-loaded"] as const)[cursor.u8()];
  switch (kind) {
    case "changes": {
      const [flags, status] = [cursor.u8(), cursor.u16()];
      const changes = cursor.list(() => [ACTIONS[cursor.u8()] ?? "?", ...cursor.field()] as const);
      const metadata = cursor.text();
      return { call, kind, flags, status, changes, metadata, ...((flags & 2) > 0 ? { body: cursor.text() } : {}) };
    }
    case "reply":
      return { call, kind, status: cursor.u16(), fields: cursor.list(() => cursor.field()), body: cursor.text(), metadata: cursor.text() };
    case "loaded":
      return { call, kind, flags: cursor.u8(), maxBytes: [cursor.u32(), cursor.u32()] };
    case "not-loaded":
      return { call, kind, of: cursor.u8() === 1 ? "config" : "module", message: cursor.text() };
    case "failed":
      return { call, kind };
    case undefined:
    default:
      throw new Error("an answer of no kind");
  }
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8((this.#at += 1) - 1);
  }

  u16(): number {
    return this.#bytes.readUInt16LE((this.#at += 2) - 2);
  }

  u32(): number {
    return this.#bytes.readUInt32LE((this.#at += 4) - 4);
  }

  text(length: number = this.u32()): string {
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  field(): readonly [string, string] {
    return [this.text(this.u16()), this.text()];
  }

  list<Item>(read: () => Item): readonly Item[] {
    return Array.from({ length: this.u16() }, read);
  }
}

function frame(kind: number, call: number, instance: number, parts: readonly Buffer[]): Buffer {
  const rest = Buffer.concat([Buffer.of(kind), u32(call), u32(instance), ...parts]);
  return Buffer.concat([u32(rest.length), rest]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
