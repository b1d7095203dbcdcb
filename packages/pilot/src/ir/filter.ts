import type { AuthorizationProvider, HttpAuthorization } from "../model/authorization-provider.ts";
import type { TokenRule } from "../model/request-authentication.ts";
import type { StringMatch } from "../model/routing-rule.ts";
import type { HeaderMatch, RouteConfiguration } from "./route.ts";

export type { HttpAuthorization };

/** What serves a connection; the last of a chain is terminal (`http` or `tcp`). */
export type NetworkFilter = HttpConnectionManager | TcpProxy | NetworkAccessControl;

/** HTTP on a connection. */
export interface HttpConnectionManager {
  readonly kind: "http";
  readonly statPrefix: string;
  readonly routes:
    | { readonly kind: "named"; readonly name: string }
    | { readonly kind: "inline"; readonly configuration: RouteConfiguration };
  /** In the order that requests pass them, without the router, which is always last. */
  readonly filters: readonly HttpFilter[];
  /** What role the proxy plays, from which follows how far it trusts and what it adds to requests. */
  readonly role: "sidecar-inbound" | "sidecar-outbound" | "gateway";
  /** Whether CONNECT requests may be answered by routes. */
  readonly allowConnect: boolean;
}

/** Bytes both ways, to one of some clusters. */
export interface TcpProxy {
  readonly kind: "tcp";
  readonly statPrefix: string;
  readonly clusters: readonly WeightedCluster[];
  readonly idleTimeoutMs: number | undefined;
}

export interface WeightedCluster {
  readonly name: string;
  readonly weight: number;
}

export interface NetworkAccessControl {
  readonly kind: "network-access";
  readonly statPrefix: string;
  readonly rules: AccessRules;
  /** Only counts what it would do. */
  readonly dryRun: boolean;
}

export type HttpFilter = HttpAccessControl | AskedAccess | TokenAuthentication | { readonly kind: "fault" };

/** A service decides about requests that any of the rules match. */
export interface AskedAccess {
  readonly kind: "asked-access";
  readonly rules: AccessRules;
  readonly provider: AuthorizationProvider;
  /** Leads to the service. */
  readonly cluster: string;
}

/** Verifies tokens of end users; what is in them is then known to access rules and routes. */
export interface TokenAuthentication {
  readonly kind: "tokens";
  /** What is in a token may lead to another route. */
  readonly leadsToRoutes: boolean;
  readonly providers: readonly TokenProvider[];
}

/** Tokens of one issuer. */
export interface TokenProvider {
  readonly name: string;
  readonly rule: TokenRule;
  /** Leads to where the keys of the rule are; undefined unless they are fetched. */
  readonly keysCluster: string | undefined;
}

export interface HttpAccessControl {
  readonly kind: "http-access";
  readonly rules: AccessRules;
  /** Only counts what it would do. */
  readonly dryRun: boolean;
}

/** Who may do what: `deny` refuses what any policy matches, `allow` everything else; `audit` only notes it. */
export interface AccessRules {
  readonly action: "allow" | "deny" | "audit";
  readonly policies: readonly AccessRulePolicy[];
}

export interface AccessRulePolicy {
  /** `ns[<ns>]-policy[<name>]-rule[<n>]`. */
  readonly name: string;
  readonly permission: Permission;
  readonly principal: Principal;
}

/** What is asked for. */
export type Permission =
  | { readonly kind: "any" }
  | { readonly kind: "and" | "or"; readonly of: readonly Permission[] }
  | { readonly kind: "not"; readonly of: Permission }
  | { readonly kind: "header"; readonly match: HeaderMatch }
  /** The path without its query. */
  | { readonly kind: "path"; readonly match: StringMatch | SuffixMatch }
  | { readonly kind: "destination-port"; readonly port: number }
  /** CIDR block. */
  | { readonly kind: "destination-ip"; readonly block: string }
  | { readonly kind: "server-name"; readonly match: StringMatch | SuffixMatch }
  /** What a filter before left in the metadata. */
  | { readonly kind: "metadata"; readonly filter: string; readonly key: string; readonly values: readonly MetadataMatch[] };

/** A text, or (`listed`) a list that has it as a member. */
export interface MetadataMatch {
  readonly match: StringMatch | SuffixMatch;
  readonly isListed: boolean;
}

/** `text`: a text that matches. `any-of`: a text that matches one of them, or a list that has such a member. */
export type ClaimMatch =
  | { readonly kind: "text"; readonly match: StringMatch | SuffixMatch }
  | { readonly kind: "any-of"; readonly matches: readonly (StringMatch | SuffixMatch)[] };

/** Who asks. */
export type Principal =
  | { readonly kind: "any" }
  | { readonly kind: "and" | "or"; readonly of: readonly Principal[] }
  | { readonly kind: "not"; readonly of: Principal }
  /** The URI in the verified certificate. */
  | { readonly kind: "identity"; readonly match: StringMatch | SuffixMatch }
  | { readonly kind: "header"; readonly match: HeaderMatch }
  /** What is at a place in the claims of the token that was verified. */
  | { readonly kind: "claim"; readonly path: readonly string[]; readonly match: ClaimMatch }
  /** CIDR block that the connection's other end is in. */
  | { readonly kind: "peer-ip"; readonly block: string }
  /** CIDR block that the client is in, as far as trusted proxies tell. */
  | { readonly kind: "client-ip"; readonly block: string };

export interface SuffixMatch {
  readonly kind: "suffix";
  readonly value: string;
}
