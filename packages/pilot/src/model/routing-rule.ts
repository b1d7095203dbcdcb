import type { Origin } from "@fairlead/kit";
import type { Labels } from "./workload.ts";
import type { Visibility } from "./visibility.ts";

/** The name in `gateways` that stands for all sidecars. */
export const MESH_GATEWAY = "mesh";

/** How requests and connections to some hosts are routed (Istio's VirtualService). */
export interface RoutingRule {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  /** Full names, lower-case, possibly `*` or `*.suffix`; short names were resolved in the rule's namespace. */
  readonly hosts: readonly string[];
  /** Keys of gateways (`<namespace>/<name>`) or `mesh`. */
  readonly gateways: readonly string[];
  readonly visibility: Visibility;
  /** In order: the first that matches decides. */
  readonly http: readonly HttpRule[];
  readonly tls: readonly TlsRule[];
  readonly tcp: readonly TcpRule[];
  readonly origin: Origin;
}

export interface HttpRule {
  /** Empty when not named. */
  readonly name: string;
  /** Any of them has to match; empty: every request. */
  readonly matches: readonly HttpMatch[];
  readonly action: HttpAction;
  readonly rewrite: Rewrite | undefined;
  /** For the whole request with its retries; 0: none. */
  readonly timeoutMs: number;
  /** undefined: the mesh's default (2 attempts). */
  readonly retries: RetryPolicy | undefined;
  readonly fault: Fault | undefined;
  readonly mirrors: readonly Mirror[];
  readonly headers: HeaderOperations;
  readonly origin: Origin;
}

export type HttpAction =
  | { readonly kind: "route"; readonly destinations: readonly WeightedDestination[] }
  | {
      readonly kind: "redirect";
      /** Replaces the path. */
      readonly uri: string | undefined;
      /** Replaces the matched prefix; never together with `uri`. */
      readonly prefixRewrite: string | undefined;
      readonly authority: string | undefined;
      readonly port: number | "from-protocol" | "from-request" | undefined;
      readonly scheme: string | undefined;
      readonly code: number;
    }
  | { readonly kind: "direct-response"; readonly status: number; readonly body: Uint8Array };

/** All of what is said has to match. */
export interface HttpMatch {
  /** Empty when not named. */
  readonly name: string;
  readonly uri: StringMatch | undefined;
  /** Applies to `exact` and `prefix` of `uri`. */
  readonly ignoreUriCase: boolean;
  readonly scheme: StringMatch | undefined;
  readonly method: StringMatch | undefined;
  readonly authority: StringMatch | undefined;
  /** Lower-case names, in the order written. */
  readonly headers: readonly NamedMatch[];
  readonly withoutHeaders: readonly NamedMatch[];
  /** Claims of the token that was verified (gateways only). */
  readonly claims: readonly ClaimMatch[];
  readonly withoutClaims: readonly ClaimMatch[];
  readonly queryParams: readonly NamedMatch[];
  /** Service port (sidecar) or server port (gateway). */
  readonly port: number | undefined;
  /** Which proxies get the rule, not what a request looks like. */
  readonly proxies: ProxyMatch;
  readonly origin: Origin;
}

/** A claim, which is a text that matches or a list with such a member. */
export interface ClaimMatch {
  /** Keys from the outside in. */
  readonly path: readonly string[];
  readonly match: StringMatch;
}

export interface NamedMatch {
  readonly name: string;
  readonly match: StringMatch;
}

/** `regex` is RE2 and has to match the whole value. */
export type StringMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "regex"; readonly value: string }
  | { readonly kind: "present" };

/** A condition on the proxy that would apply a rule. */
export interface ProxyMatch {
  readonly labels: Labels;
  readonly namespace: string | undefined;
  /** Keys of gateways or `mesh`; undefined: all of the routing rule's. */
  readonly gateways: readonly string[] | undefined;
}

export interface Destination {
  /** Full name, lower-case; whether such a service exists is the snapshot's matter. */
  readonly host: string;
  /** Name of a subset of the host's traffic policy. */
  readonly subset: string | undefined;
  /** Service port; undefined: the port the request came for, or the service's only one. */
  readonly port: number | undefined;
  readonly origin: Origin;
}

export interface WeightedDestination {
  readonly destination: Destination;
  /** Share of the sum of all weights, which is above 0; a single destination has weight 100. */
  readonly weight: number;
  readonly headers: HeaderOperations;
  readonly origin: Origin;
}

export interface Rewrite {
  /** Replaces the matched prefix if the match was by prefix, else the whole path. */
  readonly uri: string | undefined;
  readonly uriRegex: { readonly match: string; readonly rewrite: string } | undefined;
  readonly authority: string | undefined;
}

export interface RetryPolicy {
  /** How many times to try again; 0: never. */
  readonly attempts: number;
  /** 0: as long as the whole request may take. */
  readonly perTryTimeoutMs: number;
  /** Conditions of Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`. */
  readonly retryOn: readonly string[];
  /** Somebody has written after what to retry; otherwise `retryOn` is the mesh's default. */
  readonly isExplicit: boolean;
  readonly retriableStatusCodes: readonly number[];
  readonly retryRemoteLocalities: boolean;
  /** Try an endpoint that was not tried before. */
  readonly ignorePreviousHosts: boolean;
  /** Base of the exponential backoff. */
  readonly backoffMs: number;
  readonly origin: Origin;
}

export interface Fault {
  readonly delay: { readonly durationMs: number; readonly percent: number } | undefined;
  readonly abort:
    | { readonly kind: "http"; readonly status: number; readonly percent: number }
    | { readonly kind: "grpc"; readonly status: number; readonly percent: number }
    | undefined;
  readonly origin: Origin;
}

export interface Mirror {
  readonly destination: Destination;
  readonly percent: number;
}

export interface HeaderOperations {
  readonly request: HeaderChange;
  readonly response: HeaderChange;
}

/** `set` replaces, `add` appends. */
export interface HeaderChange {
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/** Routing of TLS connections that are not terminated, by server name. */
export interface TlsRule {
  readonly matches: readonly TlsMatch[];
  readonly destinations: readonly WeightedDestination[];
  readonly origin: Origin;
}

export interface TlsMatch extends ConnectionMatch {
  readonly sniHosts: readonly string[];
}

export interface TcpRule {
  /** Any of them has to match; empty: every connection. */
  readonly matches: readonly ConnectionMatch[];
  readonly destinations: readonly WeightedDestination[];
  readonly origin: Origin;
}

export interface ConnectionMatch {
  /** Addresses or CIDR blocks; empty: any. */
  readonly destinationSubnets: readonly string[];
  readonly port: number | undefined;
  readonly proxies: ProxyMatch;
  readonly origin: Origin;
}
