/**
 * Frames between the engine and a thread that runs filters (`crates/filter/src/module.rs` is the other end). Numbers are little-endian, texts have their
 * length before them. A question is: length of what follows, kind, call, instance, and what the kind says; an answer: call, length, kind, and so on.
 */

/** Kinds of questions. */
export const LOAD = 0;
export const RELEASE = 1;
export const REQUEST = 2;
export const RESPONSE = 3;

/** Kinds of answers. */
export const CHANGES = 0;
export const REPLY = 1;
export const FAILED = 2;
export const LOADED = 3;
export const NOT_LOADED = 4;

/** Parts of `CHANGES`. */
export const REROUTES = 1;
export const HAS_BODY = 2;

/** Parts of `LOADED`: what a filter looks at. */
export const ON_REQUEST = 1;
export const ON_RESPONSE = 2;
export const REQUEST_BODY = 4;
export const PARTIAL_REQUEST_BODY = 8;
export const RESPONSE_BODY = 16;
export const PARTIAL_RESPONSE_BODY = 32;

/** What is done to a header. */
export const REMOVE = 0;
export const SET = 1;
export const APPEND = 2;

/** A part of a batch, by its ends. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads a batch; a frame that ends too early is an error (`RangeError`), as the engine makes none. */
export class FrameReader {
  readonly bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  u8(): number {
    const value = this.bytes.readUInt8(this.offset);
    this.offset += 1;
    return value;
  }

  u16(): number {
    const value = this.bytes.readUInt16LE(this.offset);
    this.offset += 2;
    return value;
  }

  u32(): number {
    const value = this.bytes.readUInt32LE(this.offset);
    this.offset += 4;
    return value;
  }

  span(length: number = this.u32()): Span {
    const start = this.offset;
    this.offset += length;
    if (this.offset > this.bytes.length) throw new RangeError("the frame ends too early");
    return { start, end: this.offset };
  }

  utf8(): string {
    const { start, end } = this.span();
    return this.bytes.toString("utf8", start, end);
  }
}

/** Answers on their way to the engine. */
export class AnswerWriter {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  #start = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Begins an answer. */
  begin(call: number, kind: number): void {
    this.#start = this.#length;
    this.u32(call);
    this.u32(0);
    this.u8(kind);
  }

  /** Ends the answer that was begun. */
  end(): void {
    this.#bytes.writeUInt32LE(this.#length - this.#start - 8, this.#start + 4);
  }

  /** Forgets the answer that was begun. */
  cancel(): void {
    this.#length = this.#start;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#length = this.#bytes.writeUInt8(value, this.#length);
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#length = this.#bytes.writeUInt16LE(value, this.#length);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** A text or bytes with their length. */
  content(value: string | Uint8Array): void {
    if (typeof value !== "string") return this.#append(value);
    const length = Buffer.byteLength(value);
    this.u32(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length, length, "utf8");
  }

  /** A header field: both are Latin-1 and were checked. */
  field(name: string, value: string): void {
    this.u16(name.length);
    this.#latin1(name);
    this.u32(value.length);
    this.#latin1(value);
  }

  /** All answers; the writer is empty afterwards. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    // The engine copies what it is given before it returns, so that the room can be used again, unless one batch made it large.
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    this.#length = 0;
    return taken;
  }

  #append(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #latin1(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const INITIAL_BYTES = 16 * 1024;
const KEPT_BYTES = 1024 * 1024;
