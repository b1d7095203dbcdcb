import type { Origin } from "@fairlead/kit";
import type { HashAlgorithm, RetryBudget, Warmup } from "../model/traffic-policy.ts";
import type { LocalityEndpoints } from "./endpoint.ts";
import type { CertificateSource, TrustSource } from "./secret.ts";

/** A group of endpoints and how to talk to them. */
export interface Cluster {
  readonly name: string;
  readonly discovery: ClusterDiscovery;
  readonly connectTimeoutMs: number;
  readonly loadBalancer: ClusterLoadBalancer;
  /** A locality is chosen by weight first, then an endpoint in it. */
  readonly isLocalityWeighted: boolean;
  readonly protocol: ClusterProtocol;
  readonly limits: ClusterLimits;
  readonly outlierDetection: ClusterOutlierDetection | undefined;
  readonly tcpKeepalive:
    | { readonly probes: number | undefined; readonly timeMs: number | undefined; readonly intervalMs: number | undefined }
    | undefined;
  readonly transport: ClusterTransport;
  /** Version of the PROXY protocol that connections begin with. */
  readonly proxyProtocol: 1 | 2 | undefined;
  /** Services behind it, for telemetry. */
  readonly services: readonly ClusterService[];
  readonly origins: readonly Origin[];
}

export interface ClusterService {
  readonly host: string;
  /** Short name. */
  readonly name: string;
  readonly namespace: string;
}

export type ClusterDiscovery =
  | { readonly kind: "eds" }
  | { readonly kind: "static" | "dns" | "dns-round-robin"; readonly localities: readonly LocalityEndpoints[] }
  /** An internal listener of the same proxy. */
  | { readonly kind: "internal"; readonly listenerName: string }
  /** Where the client wanted to go. */
  | { readonly kind: "original-destination"; readonly portOverride: number | undefined; readonly sourceAddress: string | undefined }
  /** Nowhere. */
  | { readonly kind: "none" };

/** New endpoints get their full share only after a while. */
export type ClusterWarmup = Warmup;

export type ClusterLoadBalancer =
  | { readonly kind: "round-robin" | "least-request"; readonly warmup: ClusterWarmup | undefined }
  | { readonly kind: "random" | "provided" }
  | { readonly kind: "hash"; readonly algorithm: HashAlgorithm };

/** What is spoken to the endpoints; `downstream` is what the client speaks. */
export interface ClusterProtocol {
  readonly kind: "http1" | "http2" | "downstream" | "tcp";
  readonly idleTimeoutMs: number | undefined;
  readonly maxConnectionDurationMs: number | undefined;
  /** 0: unlimited. */
  readonly maxRequestsPerConnection: number;
  readonly maxConcurrentStreams: number | undefined;
  /** HTTP/2 pings. */
  readonly keepalive: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
}

/** Circuit breakers of this proxy towards the cluster; undefined: none. */
export interface ClusterLimits {
  readonly maxConnections: number | undefined;
  readonly maxPendingRequests: number | undefined;
  readonly maxRequests: number | undefined;
  readonly maxRetries: number | undefined;
  /** In place of `maxRetries`. */
  readonly retryBudget: RetryBudget | undefined;
}

export interface ClusterOutlierDetection {
  /** 0: off. */
  readonly consecutive5xx: number;
  /** 0: off. */
  readonly consecutiveGatewayErrors: number;
  /** undefined: local failures count as 5xx. */
  readonly consecutiveLocalOriginFailures: number | undefined;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionPercent: number;
  /** Share of healthy endpoints below which health is ignored; 0: never. */
  readonly panicPercent: number;
}

export type ClusterTransport =
  | { readonly kind: "plain" }
  | { readonly kind: "tls"; readonly tls: ClusterTls }
  /** Mutual TLS to the endpoints that are marked to speak it, plain to the others. */
  | { readonly kind: "auto"; readonly tls: ClusterTls };

export interface ClusterTls {
  readonly certificate: CertificateSource | undefined;
  /** undefined: the server is not verified. */
  readonly trust: TrustSource | undefined;
  /** Names of which the server's certificate must carry one; empty: any that is trusted. */
  readonly subjectAltNames: readonly string[];
  /** The certificate must be for the host that the request names (HTTP only). */
  readonly verifiesRequestHost: boolean;
  readonly serverName: { readonly kind: "fixed"; readonly name: string } | { readonly kind: "request-host" };
  readonly alpn: readonly string[];
}
