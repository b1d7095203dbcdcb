import type { FilterContext, FilterJson, FilterReply, FilterRequest, FilterResponse } from "../filter.ts";
import { type AnswerWriter, CHANGES, type FrameReader, HAS_BODY, REPLY, REROUTES, type Span } from "./frame.ts";
import { checkName, checkValue, Headers } from "./headers.ts";

/** A message as the engine showed it; its texts are read when somebody asks for them. */
export class ShownMessage implements FilterRequest, FilterResponse {
  readonly headers: Headers;
  readonly isBodyPartial: boolean;
  readonly #bytes: Buffer;
  readonly #texts: readonly Span[];
  readonly #body: Span | undefined;
  #status: number;
  #hasStatus = false;
  #newPath: string | undefined;
  #newBody: string | Uint8Array | undefined;
  #reroutes = false;
  #metadata: { readonly [namespace: string]: FilterJson } | undefined;
  #newMetadata: { [namespace: string]: FilterJson } | undefined;

  /** What is at the reader's place. */
  constructor(reader: FrameReader) {
    this.#bytes = reader.bytes;
    this.#status = reader.u16();
    this.#texts = Array.from({ length: TEXTS }, () => reader.span());
    this.headers = new Headers(reader);
    const body = reader.u8();
    this.isBodyPartial = body === 2;
    this.#body = body === 0 ? undefined : reader.span();
  }

  get method(): string {
    return this.#text(0);
  }

  get path(): string {
    return this.#newPath ?? this.#text(1);
  }

  get authority(): string {
    return this.#text(2);
  }

  get scheme(): string {
    return this.#text(3);
  }

  get route(): string {
    return this.#utf8(4);
  }

  get clientAddress(): string {
    return this.#text(5);
  }

  get principal(): string {
    return this.#utf8(6);
  }

  get status(): number {
    return this.#status;
  }

  get body(): Uint8Array | undefined {
    if (this.#newBody !== undefined) return typeof this.#newBody === "string" ? Buffer.from(this.#newBody) : this.#newBody;
    return this.#body && this.#bytes.subarray(this.#body.start, this.#body.end);
  }

  get metadata(): { readonly [namespace: string]: FilterJson } {
    return { ...this.#readMetadata(), ...this.#newMetadata };
  }

  setPath(path: string): void {
    if (!/^\/[\x21-\x7e]*$/.test(path))
      throw new TypeError(`${JSON.stringify(path)} is no path; it begins with / and has neither spaces nor other than ASCII`);
    this.#newPath = path;
  }

  setBody(body: string | Uint8Array): void {
    if (this.#body === undefined) throw new TypeError(this.#status === 0 ? BLIND_TO_REQUEST : BLIND_TO_RESPONSE);
    if (this.isBodyPartial) throw new TypeError("the body cannot be replaced: more of it follows");
    if (typeof body !== "string" && !(body instanceof Uint8Array)) throw new TypeError("a body is a text or bytes");
    if (body.length > MAX_BODY_BYTES) throw new TypeError(`a body of ${body.length} bytes is too large; at most ${MAX_BODY_BYTES}`);
    this.#newBody = body;
  }

  chooseRouteAgain(): void {
    this.#reroutes = true;
  }

  setStatus(status: number): void {
    this.#status = checkStatus(status);
    this.#hasStatus = true;
  }

  setMetadata(namespace: string, values: { readonly [key: string]: FilterJson }): void {
    const before = this.metadata[namespace];
    this.#newMetadata = { ...this.#newMetadata, [namespace]: { ...(isObject(before) ? before : {}), ...values } };
  }

  /** Writes what became of the message. */
  writeChanges(writer: AnswerWriter): void {
    writer.u8((this.#reroutes ? REROUTES : 0) + (this.#newBody === undefined ? 0 : HAS_BODY));
    writer.u16(this.#hasStatus ? this.#status : 0);
    this.headers.write(writer, this.#newPath);
    this.#writeMetadata(writer);
    if (this.#newBody !== undefined) writer.content(this.#newBody);
  }

  /** Writes the answer in the place of the message. */
  writeReply(writer: AnswerWriter, { status, headers = {}, body = "" }: FilterReply): void {
    const fields = Object.entries(headers).flatMap(([name, values]) => {
      const field = checkName(name);
      return (typeof values === "string" ? [values] : values).map((value) => [field, checkValue(field, value)] as const);
    });
    writer.u16(checkStatus(status));
    writer.u16(fields.length);
    for (const [name, value] of fields) writer.field(name, value);
    writer.content(body);
    this.#writeMetadata(writer);
  }

  #writeMetadata(writer: AnswerWriter): void {
    writer.content(this.#newMetadata === undefined ? "" : JSON.stringify(this.#newMetadata));
  }

  #readMetadata(): { readonly [namespace: string]: FilterJson } {
    return (this.#metadata ??= parseMetadata(this.#utf8(METADATA)));
  }

  #text(index: number): string {
    const span = this.#texts[index];
    return span === undefined ? "" : this.#bytes.toString("latin1", span.start, span.end);
  }

  #utf8(index: number): string {
    const span = this.#texts[index];
    return span === undefined ? "" : this.#bytes.toString("utf8", span.start, span.end);
  }
}

/** Writes the whole answer to a message. Throws, and leaves nothing behind, where the filter's result is none. */
export function writeAnswer(writer: AnswerWriter, call: number, message: ShownMessage, result: unknown): void {
  writer.begin(call, result === undefined || result === null ? CHANGES : REPLY);
  try {
    if (result === undefined || result === null) message.writeChanges(writer);
    else message.writeReply(writer, checkReply(result));
    writer.end();
  } catch (error) {
    writer.cancel();
    throw error;
  }
}

/** What filters are told about a message. */
export function toContext(message: ShownMessage, config: unknown): FilterContext<unknown> {
  return {
    config,
    get route() {
      return message.route;
    },
    get client() {
      return { address: message.clientAddress, principal: message.principal };
    },
    request: message,
    get metadata() {
      return message.metadata;
    },
    setMetadata: (namespace, values) => message.setMetadata(namespace, values),
  };
}

const BLIND_TO_REQUEST = "only a filter with requestBody may change the body of a request";
const BLIND_TO_RESPONSE = "only a filter with responseBody may change the body of a response";

/** Texts before the fields: method, path, authority, scheme, route, client, principal, metadata. */
const TEXTS = 8;
const METADATA = 7;
const MAX_BODY_BYTES = 4 * 1024 * 1024 - 1024;

function checkReply(result: unknown): FilterReply {
  if (!isReply(result)) throw new TypeError("a filter returns nothing, or a response: { status, headers, body }");
  return result;
}

function isReply(value: unknown): value is FilterReply {
  if (typeof value !== "object" || value === null || !("status" in value)) return false;
  const body = "body" in value ? value.body : undefined;
  return body === undefined || typeof body === "string" || body instanceof Uint8Array;
}

function checkStatus(status: number): number {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`${status} is no status; write one from 200 to 599`);
  return status;
}

function parseMetadata(text: string): { readonly [namespace: string]: FilterJson } {
  const value: unknown = text === "" ? {} : JSON.parse(text);
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is { readonly [key: string]: FilterJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
