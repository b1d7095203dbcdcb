import type { FilterHeaders } from "../filter.ts";
import { APPEND, type AnswerWriter, type FrameReader, REMOVE, SET } from "./frame.ts";

/** A change of a header. */
interface Change {
  readonly action: number;
  readonly name: string;
  readonly value: string;
}

/** The fields of a message: read when somebody asks for one. */
export class Headers implements FilterHeaders {
  readonly #bytes: Buffer;
  readonly #offset: number;
  #fields: (readonly [string, string])[] | undefined;
  #changes: Change[] | undefined;

  /** Of the fields at the reader's place, which is moved behind them. */
  constructor(reader: FrameReader) {
    this.#bytes = reader.bytes;
    this.#offset = reader.offset;
    for (let left = reader.u16(); left > 0; left -= 1) {
      reader.span(reader.u16());
      reader.span();
    }
  }

  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length < 2 ? values[0] : values.join(", ");
  }

  getAll(name: string): readonly string[] {
    const wanted = name.toLowerCase();
    return this.#read().flatMap(([field, value]) => (field === wanted ? [value] : []));
  }

  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.#read().some(([field]) => field === wanted);
  }

  set(name: string, value: string): void {
    const field = checkName(name);
    const checked = checkValue(field, value);
    this.#fields = [...this.#without(field), [field, checked]];
    this.#change({ action: SET, name: field, value: checked });
  }

  append(name: string, value: string): void {
    const field = checkName(name);
    const checked = checkValue(field, value);
    this.#read().push([field, checked]);
    this.#change({ action: APPEND, name: field, value: checked });
  }

  delete(name: string): void {
    const field = checkName(name);
    this.#fields = this.#without(field);
    // What was added before is not there yet where the engine removes.
    this.#changes = this.#changes?.filter((change) => change.name !== field);
    this.#change({ action: REMOVE, name: field, value: "" });
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#read()[Symbol.iterator]();
  }

  /** Writes the changes, and that of another field where there is one. */
  write(writer: AnswerWriter, path: string | undefined): void {
    const changes = this.#changes ?? [];
    writer.u16(changes.length + (path === undefined ? 0 : 1));
    for (const { action, name, value } of changes) {
      writer.u8(action);
      writer.field(name, value);
    }
    if (path === undefined) return;
    writer.u8(SET);
    writer.field(":path", path);
  }

  #change(change: Change): void {
    (this.#changes ??= []).push(change);
  }

  #without(name: string): (readonly [string, string])[] {
    return this.#read().filter(([field]) => field !== name);
  }

  #read(): (readonly [string, string])[] {
    return (this.#fields ??= this.#parse());
  }

  #parse(): (readonly [string, string])[] {
    const bytes = this.#bytes;
    let at = this.#offset;
    const count = bytes.readUInt16LE(at);
    at += 2;
    const fields: (readonly [string, string])[] = [];
    for (let index = 0; index < count; index += 1) {
      const nameEnd = at + 2 + bytes.readUInt16LE(at);
      const valueEnd = nameEnd + 4 + bytes.readUInt32LE(nameEnd);
      fields.push([bytes.toString("latin1", at + 2, nameEnd).toLowerCase(), bytes.toString("latin1", nameEnd + 4, valueEnd)]);
      at = valueEnd;
    }
    return fields;
  }
}

/** What frames a message or says where it goes. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

/** RFC 9110 section 5.6.2: a token. Throws a `TypeError` where it is none, or not a filter's to change. */
export function checkName(name: string): string {
  const field = name.toLowerCase();
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/.test(field)) throw new TypeError(`${JSON.stringify(name)} is no name of a header`);
  if (FORBIDDEN.has(field)) throw new TypeError(`${field} is not a filter's to change`);
  return field;
}

/** RFC 9110 section 5.5. Throws a `TypeError` where it is no value. */
export function checkValue(name: string, value: string): string {
  if (typeof value !== "string") throw new TypeError(`${name}: the value has to be a text`);
  // oxlint-disable-next-line no-control-regex -- it is what must not be there
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw new TypeError(`${name}: the value has a character that no header may have`);
  return value;
}
