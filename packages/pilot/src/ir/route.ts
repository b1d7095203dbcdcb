import type { Origin } from "@fairlead/kit";
import type { Fault, HeaderChange, HeaderOperations, Rewrite, StringMatch } from "../model/routing-rule.ts";
import type { HashKey } from "../model/traffic-policy.ts";
import type { SuffixMatch } from "./filter.ts";

export type { Fault, HashKey, HeaderChange, HeaderOperations, StringMatch };

/** A table of virtual hosts that listeners name. */
export interface RouteConfiguration {
  readonly name: string;
  readonly virtualHosts: readonly VirtualHost[];
  readonly ignorePortInHost: boolean;
}

export interface VirtualHost {
  readonly name: string;
  /** Lower-case; no domain twice in a table. */
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  /** Plain requests are redirected to https. */
  readonly requireTls: boolean;
  readonly origins: readonly Origin[];
}

export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly headers: HeaderOperations;
  readonly fault: Fault | undefined;
  /** Name of spans. */
  readonly operation: string | undefined;
  readonly origins: readonly Origin[];
}

export interface RouteMatch {
  readonly path: PathMatch;
  readonly headers: readonly HeaderMatch[];
  readonly queryParameters: readonly { readonly name: string; readonly match: StringMatch }[];
  /** Of the token that was verified. */
  readonly claims: readonly { readonly path: readonly string[]; readonly match: StringMatch; readonly negated: boolean }[];
}

export type PathMatch =
  | { readonly kind: "prefix" | "exact" | "segment-prefix"; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: "regex"; readonly value: string }
  /** CONNECT requests and no others. */
  | { readonly kind: "connect" };

export interface HeaderMatch {
  readonly name: string;
  readonly match: StringMatch | SuffixMatch;
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

export type RouteAction = ForwardAction | RedirectAction | DirectResponse;

export interface ForwardAction {
  readonly kind: "forward";
  readonly clusters: readonly RouteCluster[];
  /** 0: none. */
  readonly timeoutMs: number;
  readonly retry: RetryRule | undefined;
  readonly rewrite: Rewrite | undefined;
  readonly mirrors: readonly { readonly cluster: string; readonly percent: number }[];
  readonly hashKey: HashKey | undefined;
  /** Ends a CONNECT here and sends what is in the tunnel to the cluster as a plain connection. */
  readonly terminateConnect: boolean;
}

export interface RouteCluster {
  readonly name: string;
  readonly weight: number;
  readonly headers: HeaderOperations;
}

export interface RetryRule {
  readonly attempts: number;
  /** Conditions of Envoy's `retry_on`. */
  readonly retryOn: readonly string[];
  /** The mesh's default: our proxies repeat what the application may have taken only where that is safe. */
  readonly isDefault: boolean;
  readonly retriableStatusCodes: readonly number[];
  /** 0: not limited on its own. */
  readonly perTryTimeoutMs: number;
  readonly backoffMs: number | undefined;
  readonly avoidPreviousHosts: boolean;
}

export interface RedirectAction {
  readonly kind: "redirect";
  readonly path: string | undefined;
  readonly prefix: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly scheme: string | undefined;
  readonly code: number;
}

export interface DirectResponse {
  readonly kind: "direct-response";
  readonly status: number;
  readonly body: Uint8Array;
}

export const NO_HEADER_CHANGE: HeaderChange = { set: {}, add: {}, remove: [] };
export const NO_HEADER_OPERATIONS: HeaderOperations = { request: NO_HEADER_CHANGE, response: NO_HEADER_CHANGE };
