/**
 * For whoever writes a filter: `import { defineFilter } from "@fairlead/dataplane/filter"` in a file of the folder that the proxy's operator named.
 * The file exports its filter as `filter` (or as its default).
 */

/** A JSON value. */
export type FilterJson = string | number | boolean | null | readonly FilterJson[] | { readonly [key: string]: FilterJson };

/**
 * Looks at requests, at responses, or at both, and may change them. It runs on a thread of its own, never on the proxy's; what it does takes time of the
 * requests that it is asked about (200 ms unless their route says otherwise; then it has failed). A function may be called for many requests at a time;
 * what one request is to tell its response goes into metadata.
 */
export interface Filter<Config = FilterJson | undefined> {
  /** Reads the configuration when the filter is loaded; what it throws refuses that configuration. Default: as it is written. */
  readonly parseConfig?: (config: FilterJson | undefined) => Config;
  /** Holds back the body of requests until it is complete, so that `onRequest` sees it. */
  readonly requestBody?: FilterBody;
  /** Holds back responses until their body is complete, so that `onResponse` sees it. It is as the upstream sent it: compressed, if the client accepts that. */
  readonly responseBody?: FilterBody;
  /** Looks at a request before it goes on; what it returns is the answer in the place of the upstream's. */
  readonly onRequest?: (request: FilterRequest, context: FilterContext<Config>) => FilterResult | Promise<FilterResult>;
  /** Looks at an upstream's response before it goes to the client; what it returns is sent instead. */
  readonly onResponse?: (response: FilterResponse, context: FilterContext<Config>) => FilterResult | Promise<FilterResult>;
}

/** A response, or nothing: the message goes on. */
// oxlint-disable-next-line typescript/no-invalid-void-type -- a function without a return is the most common filter
export type FilterResult = FilterReply | undefined | void;

/** How much of a body is held back. */
export interface FilterBody {
  /** At most 4 MiB. */
  readonly maxBytes: number;
  /** A larger body is shown as far as that; otherwise (the default) a request is answered 413, and a response is replaced by 500. */
  readonly allowPartial?: boolean;
}

/** A response that a filter makes. */
export interface FilterReply {
  /** From 200 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** The header fields of a message. Names may be written in any case, and are lower-case where they are listed; a byte of a value is a character (Latin-1). */
export interface FilterHeaders extends Iterable<readonly [string, string]> {
  /** The values of that name, joined by `, `. */
  get(name: string): string | undefined;
  /** The values of that name, one by one. */
  getAll(name: string): readonly string[];
  /** Whether there is one of that name. */
  has(name: string): boolean;
  /** Replaces all values. Fields that frame a message (`content-length`, `connection` …) and `host` are not a filter's to change. */
  set(name: string, value: string): void;
  /** Adds a value. */
  append(name: string, value: string): void;
  /** Removes all values. */
  delete(name: string): void;
}

/** A request, with what filters before this one changed. */
export interface FilterRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** The host that was asked for. */
  readonly authority: string;
  readonly scheme: string;
  readonly headers: FilterHeaders;
  /** Where the filter has `requestBody`. */
  readonly body: Uint8Array | undefined;
  /** More of the body follows. */
  readonly isBodyPartial: boolean;
  /** Replaces path and query. The route stays, unless it is chosen again. */
  setPath(path: string): void;
  /** Replaces the body, which has to be complete. */
  setBody(body: string | Uint8Array): void;
  /** Has the route chosen again, by what the request is now. */
  chooseRouteAgain(): void;
}

/** A response of an upstream's, with what filters before this one changed. */
export interface FilterResponse {
  readonly status: number;
  readonly headers: FilterHeaders;
  /** Where the filter has `responseBody`; empty where the response has none. */
  readonly body: Uint8Array | undefined;
  /** More of the body follows. */
  readonly isBodyPartial: boolean;
  /** Replaces the status: from 200 to 599. */
  setStatus(status: number): void;
  /** Replaces the body, which has to be complete. Nothing happens where a response has none (to `HEAD`, or with 204 and 304). */
  setBody(body: string | Uint8Array): void;
}

/** What is known besides the message. */
export interface FilterContext<Config> {
  readonly config: Config;
  /** Name of the route; empty where it has none. */
  readonly route: string;
  readonly client: FilterClient;
  /** The request, also of a response. */
  readonly request: { readonly method: string; readonly path: string; readonly authority: string };
  /** What filters know about the request, by namespace. */
  readonly metadata: { readonly [namespace: string]: FilterJson };
  /** Adds values to a namespace: for later filters, for `onResponse`, and for access logs (`%DYNAMIC_METADATA(namespace:key)%`). */
  readonly setMetadata: (namespace: string, values: { readonly [key: string]: FilterJson }) => void;
}

/** Who asks. */
export interface FilterClient {
  /** `ip:port`; empty where it came over a Unix socket. */
  readonly address: string;
  /** What its certificate, which was verified, says first: a SPIFFE ID in a mesh. Empty where it showed none. */
  readonly principal: string;
}

/** How a filter is told from anything else that a module exports. */
const BRAND = Symbol.for("fairlead.dev/filter");

/** Checks a filter and gives it its types. Throws a `TypeError` where it is none. */
export function defineFilter<Config = FilterJson | undefined>(filter: Filter<Config>): Filter<Config> {
  const { requestBody, responseBody, onRequest, onResponse } = filter;
  if (onRequest === undefined && onResponse === undefined) throw new TypeError("a filter needs onRequest, onResponse or both");
  checkBody("requestBody", requestBody, "onRequest", onRequest);
  checkBody("responseBody", responseBody, "onResponse", onResponse);
  return Object.freeze({ ...filter, [BRAND]: true });
}

function checkBody(name: string, body: FilterBody | undefined, watcher: string, watching: unknown): void {
  if (body === undefined) return;
  const { maxBytes } = body;
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > MAX_BODY_BYTES) {
    throw new TypeError(`${name}.maxBytes: ${maxBytes} is not from 1 to ${MAX_BODY_BYTES}`);
  }
  if (watching === undefined) throw new TypeError(`${name}: only ${watcher} sees it, and there is none`);
}

/** Whether a value was made by `defineFilter`, of whichever copy of this package. */
export function isFilter(value: unknown): value is Filter<unknown> {
  return typeof value === "object" && value !== null && BRAND in value;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
