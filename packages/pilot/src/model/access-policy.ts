import type { Origin } from "@fairlead/kit";
import type { Selector } from "./workload.ts";

/** Who may do what at some workloads (Istio's AuthorizationPolicy). */
export interface AccessPolicy {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  /** Workloads of the namespace (of all, in the root namespace) it is for; empty: all of them. */
  readonly selector: Selector;
  /** `audit` lets everything pass and only notes what matches; `custom` has a service asked about what matches. */
  readonly action: "allow" | "deny" | "audit" | "custom";
  /** Name of the authorization provider that is asked; empty unless `custom`. */
  readonly provider: string;
  /** Any has to match. Empty: never matches, so that `allow` denies everything. */
  readonly rules: readonly AccessRule[];
  /** Only marks what it would do (annotation `istio.io/dry-run`). */
  readonly dryRun: boolean;
  readonly origin: Origin;
}

/** Every list that is not empty has to have a member that matches; all lists empty: matches always. */
export interface AccessRule {
  readonly index: number;
  readonly from: readonly Source[];
  readonly to: readonly Operation[];
  readonly when: readonly Condition[];
  readonly origin: Origin;
}

/** Each list that is not empty has to have a match, each `not` list none. */
export interface Source {
  readonly principals: PatternList;
  readonly namespaces: PatternList;
  /** `<namespace>/<service account>`. */
  readonly serviceAccounts: PatternList;
  /** `<issuer>/<subject>` of the token, as written. */
  readonly requestPrincipals: ValueList;
  readonly trustDomains: PatternList;
  /** CIDR blocks that the connection's peer is in. */
  readonly ipBlocks: ValueList;
  /** CIDR blocks that the original client (`x-forwarded-for`) is in. */
  readonly remoteIpBlocks: ValueList;
  readonly origin: Origin;
}

export interface Operation {
  /** Compared without regard to case; a port in the request's host is ignored if the pattern has none. */
  readonly hosts: PatternList;
  readonly ports: PortList;
  readonly methods: PatternList;
  readonly paths: PathList;
  readonly origin: Origin;
}

export interface Condition {
  readonly key: ConditionKey;
  /** As written. */
  readonly values: ValueList;
  readonly origin: Origin;
}

export type ConditionKey =
  | { readonly kind: "request-header"; readonly name: string }
  | { readonly kind: "source-ip" | "remote-ip" | "source-namespace" | "source-principal" | "source-service-account" }
  /** Of the token that was verified. */
  | { readonly kind: "request-principal" | "request-audience" | "request-presenter" }
  | { readonly kind: "request-claim"; readonly path: readonly string[] }
  | { readonly kind: "source-trust-domain" }
  /** What a filter left in the metadata of the request (`experimental.envoy.filters.<filter>[<key>]`). */
  | { readonly kind: "filter-metadata"; readonly filter: string; readonly key: string }
  | { readonly kind: "destination-ip" | "destination-port" | "connection-sni" };

/** At least one of `any` (when not empty) and none of `none`. */
export interface PatternList {
  readonly any: readonly StringPattern[];
  readonly none: readonly StringPattern[];
}

export interface ValueList {
  readonly any: readonly string[];
  readonly none: readonly string[];
}

export interface PortList {
  readonly any: readonly number[];
  readonly none: readonly number[];
}

export interface PathList {
  readonly any: readonly PathPattern[];
  readonly none: readonly PathPattern[];
}

/** `text`, `prefix*`, `*suffix`, `*`. */
export type StringPattern = { readonly kind: "exact" | "prefix" | "suffix"; readonly value: string } | { readonly kind: "present" };

/** Also `/a/{*}/b/{**}`: `template` holds it as written. */
export type PathPattern = StringPattern | { readonly kind: "template"; readonly value: string };

export type PeerTlsMode = "disable" | "permissive" | "strict";

/** Whether workloads accept plain connections (Istio's PeerAuthentication). */
export interface PeerAuthentication {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  /** Empty: the whole namespace, or the whole mesh in the root namespace. */
  readonly selector: Selector;
  /** undefined: what the next wider policy says. */
  readonly mode: PeerTlsMode | undefined;
  /** By port of the workload, only together with a selector; undefined: what the next wider policy says. */
  readonly byPort: ReadonlyMap<number, PeerTlsMode | undefined>;
  readonly origin: Origin;
}
