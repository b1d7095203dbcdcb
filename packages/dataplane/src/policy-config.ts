import type { JsonValue } from "./bootstrap.ts";
import type { StringMatch } from "./config.ts";

/** Lets through so many requests, and answers the others 429. The bound is one for all threads of the proxy. */
export interface RateLimitConfig {
  /** So many requests … */
  readonly requests: number;
  /** … in each interval of this length, at least 50. */
  readonly perMs: number;
  /** How many may come at once. Default: `requests`. */
  readonly burst?: number;
  /** Status of the answer to what is above. Default 429. */
  readonly status?: number;
}

/** Which web pages of other origins may ask (CORS, Fetch standard). Preflight requests are answered by the proxy. */
export interface CorsConfig {
  /** Origins that may: `https://example.com`, or a test. */
  readonly allowOrigins: readonly (string | StringMatch)[];
  /** `access-control-allow-methods`. */
  readonly allowMethods?: readonly string[];
  /** `access-control-allow-headers`. */
  readonly allowHeaders?: readonly string[];
  /** `access-control-expose-headers`. */
  readonly exposeHeaders?: readonly string[];
  /** How long a browser may remember the answer. */
  readonly maxAgeSeconds?: number;
  /** Whether cookies and the like are allowed. Default false. */
  readonly allowCredentials?: boolean;
}

/** Makes some requests slow or fail, to see what clients make of it. */
export interface FaultConfig {
  readonly delay?: FaultDelayConfig;
  readonly abort?: FaultAbortConfig;
}

/** Waits before the request goes on. */
export interface FaultDelayConfig {
  readonly delayMs: number;
  /** Share of the requests, 0 to 100. */
  readonly percent: number;
}

/** Answers instead of going on; after the delay, if there is one. */
export interface FaultAbortConfig {
  readonly status: number;
  /** Share of the requests, 0 to 100. */
  readonly percent: number;
}

/** Who may ask. A client that `deny` names is refused, and so is one that `allow` does not name where it is given: 403. */
export interface AccessConfig {
  readonly allow?: readonly ClientMatch[];
  readonly deny?: readonly ClientMatch[];
}

/** A client; all that is given must hold. */
export interface ClientMatch {
  /** A name in the certificate that the client has proven (`clientRootsPem`): URI or DNS name. */
  readonly certificateName?: string | StringMatch;
  /** Ranges that the address of the connection may be in: `10.0.0.0/8`, `127.0.0.1`. */
  readonly addresses?: readonly string[];
  /** Request headers by name; `true` asks for presence only. */
  readonly headers?: Readonly<Record<string, StringMatch | true>>;
}

/** Who issues JSON Web Tokens (RFC 7519), and where they are in a request: `authorization: Bearer …` unless something else is said. */
export interface TokenIssuerConfig {
  /** What the claim `iss` must be. Default: anything. */
  readonly issuer?: string;
  /** One of them must be in the claim `aud`. Default: anything. */
  readonly audiences?: readonly string[];
  /** The JSON Web Key Set (RFC 7517) as text. */
  readonly jwks: string;
  /** Headers that carry a token, with what stands before it (`Bearer ` with its space). */
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  /** Query parameters that carry a token. */
  readonly fromQuery?: readonly string[];
  /** Cookies that carry a token. */
  readonly fromCookies?: readonly string[];
  /** Sends the token on to the upstream. Default false. */
  readonly forward?: boolean;
  /** Headers for claims (`user.id` is `id` within `user`); those that a client sends are removed. */
  readonly claimHeaders?: Readonly<Record<string, string>>;
}

/** What a route asks for. A request without is answered 401. */
export interface TokenRequirementConfig {
  /** Names of issuers; a token of one of them will do. */
  readonly issuers: readonly string[];
  /** Lets requests without any token pass; a wrong one is refused nevertheless. Default false. */
  readonly optional?: boolean;
}

/** Asks a filter that is written in TypeScript (`@fairlead/dataplane/filter`), on a thread of its own. */
export interface FilterConfig {
  /** File in the proxy's folder of filters (`ProxyOptions.filters`): `auth.ts`. */
  readonly module: string;
  /** What the filter is given; its `parseConfig` says what is right. */
  readonly config?: JsonValue;
  /** For each answer. Default 200. */
  readonly timeoutMs?: number;
  /** What becomes of a message where the filter throws, is too slow or its thread has ended: it goes on (`open`), or it is answered 500 (`closed`, the default). */
  readonly failureMode?: "open" | "closed";
  /** Status of that answer. Default 500. */
  readonly statusOnError?: number;
}

/** A line for every request or connection. */
export interface AccessLogConfig {
  /** A file, `/dev/stdout` or `/dev/stderr`. Lines are collected and written by a thread of the engine's. */
  readonly path: string;
  /** In Envoy's command operators: a line, or the fields of a JSON object. Default: Envoy's line. */
  readonly format?: string | Readonly<Record<string, string>>;
}

/** What keeps requests of a kind at the same endpoint (`ringHash` and `maglev`); the first that a request has counts. */
export type HashConfig =
  | { readonly header: string }
  /** With `ttlMs` the proxy makes the cookie where it is missing; 0 lasts for a session. */
  | { readonly cookie: string; readonly ttlMs?: number; readonly path?: string }
  | { readonly query: string }
  /** The address of the client. */
  | { readonly client: true };
