import type { Origin } from "@fairlead/kit";
import type { Labels, Selector } from "./workload.ts";
import type { Visibility } from "./visibility.ts";

/** What clients do when they talk to a host (Istio's DestinationRules of one host in one namespace, merged). */
export interface TrafficPolicy {
  readonly namespace: string;
  /** Full name, lower-case, possibly `*` or `*.suffix`. */
  readonly host: string;
  readonly visibility: Visibility;
  /** Client workloads (of the same namespace) it is for; undefined: all. */
  readonly workloadSelector: Selector | undefined;
  readonly settings: TrafficSettings;
  readonly subsets: readonly Subset[];
  /** The first DestinationRule that went in. */
  readonly origin: Origin;
  /** All that went in, first included. */
  readonly origins: readonly Origin[];
}

/** A named part of a service's endpoints; its settings apply only where a route names it. */
export interface Subset {
  readonly name: string;
  readonly labels: Labels;
  /** Already completed from the policy's settings, block by block. */
  readonly settings: TrafficSettings;
  readonly origin: Origin;
}

/** Settings for all ports and, by port number, settings that replace (never complete) them. */
export interface TrafficSettings extends PortSettings {
  readonly byPort: ReadonlyMap<number, PortSettings>;
}

/** Retries that may run at a time, as a share of the requests that do. */
export interface RetryBudget {
  readonly percent: number;
  /** However few requests there are, this many may be retried. */
  readonly minimumRetries: number;
}

/** Blocks that are not said are undefined: the mesh's defaults hold. */
export interface PortSettings {
  readonly loadBalancer: LoadBalancer | undefined;
  /** Which endpoints are preferred by where they are. */
  readonly locality: LocalityBalancing | undefined;
  readonly connectionPool: ConnectionPool | undefined;
  readonly outlierDetection: OutlierDetection | undefined;
  readonly tls: ClientTls | undefined;
  /** Version of the PROXY protocol by which servers are told where connections come from; never said for a single port. */
  readonly proxyProtocol: 1 | 2 | undefined;
  /** Limit of concurrent retries; never said for a single port. */
  readonly retryBudget: RetryBudget | undefined;
}

export type LoadBalancer =
  | { readonly kind: "round-robin" | "least-request"; readonly warmup: Warmup | undefined; readonly origin: Origin }
  | { readonly kind: "random" | "passthrough"; readonly origin: Origin }
  | { readonly kind: "consistent-hash"; readonly key: HashKey; readonly algorithm: HashAlgorithm; readonly origin: Origin };

/** Localities are written `region`, `region/zone` or `region/zone/subzone`, each of which may be `*`. */
export interface LocalityBalancing {
  readonly isEnabled: boolean;
  /** Shares of localities for clients in one; empty: none are said. */
  readonly distribute: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  /** Region that serves clients of a region whose own endpoints cannot. */
  readonly failover: readonly { readonly from: string; readonly to: string }[];
  /** Labels (`label` or `label=value`) of which endpoints should share as many as possible with the client, the most important first. */
  readonly failoverPriority: readonly string[];
}

/** New endpoints get their full share only after a while. */
export interface Warmup {
  readonly durationMs: number;
  /** Share to start with. */
  readonly minimumPercent: number;
  /** Shape of the way up: 1 is linear, more is faster in the beginning. */
  readonly aggression: number;
}

export type HashKey =
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string; readonly path: string; readonly ttlMs: number | undefined }
  | { readonly kind: "source-ip" }
  | { readonly kind: "query-parameter"; readonly name: string };

export type HashAlgorithm =
  | { readonly kind: "ring-hash"; readonly minimumRingSize: number }
  | { readonly kind: "maglev"; readonly tableSize: number };

/** Limits of a client proxy towards a cluster; undefined: none, or the proxy's default. */
export interface ConnectionPool {
  readonly maxConnections: number | undefined;
  readonly connectTimeoutMs: number | undefined;
  readonly maxConnectionDurationMs: number | undefined;
  readonly tcpIdleTimeoutMs: number | undefined;
  readonly tcpKeepalive:
    | { readonly probes: number | undefined; readonly timeMs: number | undefined; readonly intervalMs: number | undefined }
    | undefined;
  readonly http1MaxPendingRequests: number | undefined;
  readonly http2MaxRequests: number | undefined;
  /** 0: unlimited; 1: no keep-alive. */
  readonly maxRequestsPerConnection: number | undefined;
  readonly maxRetries: number | undefined;
  readonly httpIdleTimeoutMs: number | undefined;
  readonly h2Upgrade: "default" | "never" | "always";
  readonly useClientProtocol: boolean;
  readonly maxConcurrentStreams: number | undefined;
  /** HTTP/2 pings, and how long their answers may take. */
  readonly http2Keepalive: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
  readonly origin: Origin;
}

/** Ejecting of endpoints that fail; defaults of Istio filled in. */
export interface OutlierDetection {
  /** 0: off. */
  readonly consecutive5xxErrors: number;
  /** 0: off. */
  readonly consecutiveGatewayErrors: number;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly consecutiveLocalOriginFailures: number;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionPercent: number;
  readonly minHealthPercent: number;
  readonly origin: Origin;
}

/** How the client secures connections; an explicit block switches automatic mutual TLS off. */
export interface ClientTls {
  readonly mode: "disable" | "simple" | "mutual" | "istio-mutual";
  /** Paths on the client proxy's file system. */
  readonly certificateFile: string | undefined;
  readonly privateKeyFile: string | undefined;
  readonly caCertificatesFile: string | undefined;
  /** Certificates that were revoked (RFC 5280). */
  readonly revokedFile: string | undefined;
  /** Replace those of the service when not empty. */
  readonly subjectAltNames: readonly string[];
  /** undefined: the host of the request or service. */
  readonly sni: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly origin: Origin;
}
