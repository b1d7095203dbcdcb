import type { Secret } from "@fairlead/kit";
import type {
  AccessConfig,
  AccessLogConfig,
  CorsConfig,
  FaultConfig,
  FilterConfig,
  HashConfig,
  RateLimitConfig,
  TokenIssuerConfig,
  TokenRequirementConfig,
} from "./policy-config.ts";

/** What a proxy that is used as a library does: where it listens, and which upstreams it brings requests to. */
export interface ProxyConfig {
  readonly listeners: readonly ListenerConfig[];
  readonly clusters: readonly ClusterConfig[];
}

/** A port that the proxy listens on. */
export type ListenerConfig = HttpListenerConfig | TcpListenerConfig;

/**
 * A port where HTTP/1.1 and HTTP/2 are served: with TLS a client chooses by ALPN (we prefer `h2`), without by its first bytes (HTTP/2 by prior knowledge,
 * RFC 9113 section 3.3).
 */
export interface HttpListenerConfig {
  readonly kind: "http";
  /** Unique among the listeners. */
  readonly name: string;
  /** `ip:port`. */
  readonly address: string;
  /** Serves HTTPS where set. */
  readonly tls?: ListenerTlsConfig;
  /** Time from the first byte of a request's head to its last; then it is answered 408. Default 60,000 (`ProxyLimits`). */
  readonly requestHeadersTimeoutMs?: number;
  /** A connection between two requests, or before its first, ends after this. Default one hour (`ProxyLimits`). */
  readonly idleTimeoutMs?: number;
  /**
   * A request of which no byte moves in either direction is given up after this: a body that does not come, a response that nobody reads, an upstream
   * that is silent. 0 never. Default 300,000.
   */
  readonly streamIdleTimeoutMs?: number;
  /** Whose tokens routes may ask for, by a name of your own. */
  readonly tokenIssuers?: Readonly<Record<string, TokenIssuerConfig>>;
  /** For all requests together, unless a route has its own. */
  readonly rateLimit?: RateLimitConfig;
  /** Filters of your own for all requests, in this order (responses meet the last one first), unless a route has its own. */
  readonly filters?: readonly FilterConfig[];
  readonly accessLogs?: readonly AccessLogConfig[];
  /** Which routes serve which hosts; the most specific domain wins. */
  readonly hosts: readonly HostConfig[];
}

/** A port whose connections are joined with connections to a cluster, byte by byte. */
export interface TcpListenerConfig {
  readonly kind: "tcp";
  readonly name: string;
  /** `ip:port`. */
  readonly address: string;
  readonly tls?: ListenerTlsConfig;
  /** Name of a cluster, or several with their shares. */
  readonly to: string | readonly WeightedCluster[];
  /** Without a byte in either direction the connection ends after this; 0 never. Default one hour. */
  readonly idleTimeoutMs?: number;
  readonly accessLogs?: readonly AccessLogConfig[];
}

/** The routes of some host names. */
export interface HostConfig {
  /** `example.com`, `*.example.com`, `*`. Default: every host. */
  readonly domains?: readonly string[];
  /** The first that matches serves. */
  readonly routes: readonly RouteConfig[];
}

/** Which requests, and what happens to them. */
export interface RouteConfig {
  /** For logs and metrics. */
  readonly name?: string;
  /** Which requests; all conditions must hold. Default: all requests. */
  readonly match?: RouteMatch;
  readonly action: RouteAction;
  readonly requestHeaders?: HeaderChanges;
  readonly responseHeaders?: HeaderChanges;
  /** Which web pages of other origins may ask. */
  readonly cors?: CorsConfig;
  /** Makes some requests slow or fail. */
  readonly fault?: FaultConfig;
  /** Asks for a token of one of the listener's `tokenIssuers`. */
  readonly token?: TokenRequirementConfig;
  /** Who may ask. */
  readonly access?: AccessConfig;
  /** How many requests pass. */
  readonly rateLimit?: RateLimitConfig;
  /** Filters of your own, in this order, in the place of the listener's; none at all where the list is empty. */
  readonly filters?: readonly FilterConfig[];
}

/** Conditions for a request; all that are given must hold. */
export interface RouteMatch {
  /** Of the path without its query. Default: every path. */
  readonly path?: PathMatch;
  /** `GET`, `POST` … */
  readonly method?: string;
  /** By name; `true` asks for presence only. */
  readonly headers?: Readonly<Record<string, StringMatch | true>>;
  /** By name; `true` asks for presence only. */
  readonly query?: Readonly<Record<string, StringMatch | true>>;
}

/** A test of the path, without its query. */
export type PathMatch =
  | { readonly exact: string }
  | { readonly prefix: string }
  /** A regular expression (RE2 syntax) for the whole path. */
  | { readonly regex: string };

/** A test of a text. */
export type StringMatch =
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly contains: string }
  /** A regular expression (RE2 syntax) for the whole value. */
  | { readonly regex: string };

/** What happens to a request that a route matches. */
export type RouteAction = ForwardAction | RedirectAction | RespondAction;

/** Brings the request to an upstream. */
export interface ForwardAction {
  readonly kind: "forward";
  /** Name of a cluster, or several with their shares. */
  readonly to: string | readonly WeightedCluster[];
  /** For the whole response with all retries; 0 is none. Default 15,000. */
  readonly timeoutMs?: number;
  /** Replaces what the match took of the path. */
  readonly rewritePrefix?: string;
  /** Replaces the host. */
  readonly rewriteHost?: string;
  readonly retry?: RetryConfig;
  /** Clusters that get a copy whose response is thrown away. */
  readonly mirrorTo?: readonly string[];
  /** What keeps requests at the same endpoint, for clusters whose `loadBalancer` is `ringHash` or `maglev`. */
  readonly hashOn?: readonly HashConfig[];
}

/** Answers with another place to go to; what is left out stays as the client asked. */
export interface RedirectAction {
  readonly kind: "redirect";
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  /** Default 301. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
}

/** Answers at once. */
export interface RespondAction {
  readonly kind: "respond";
  readonly status: number;
  readonly body?: string;
}

/** One of several clusters that share the requests. */
export interface WeightedCluster {
  readonly cluster: string;
  /** Its share of the sum of all weights. */
  readonly weight: number;
}

/** After what a request is tried again (Envoy's `x-envoy-retry-on`). */
export type RetryCondition = "5xx" | "gateway-error" | "reset" | "connect-failure" | "refused-stream" | "retriable-4xx";

/** Whether and when a request is tried again, at another endpoint if there is one. */
export interface RetryConfig {
  readonly on: readonly RetryCondition[];
  /** Tries after the first. Default 1. */
  readonly attempts?: number;
  readonly perTryTimeoutMs?: number;
}

/** What is done to the header fields of a message: removed first, then set, then added. */
export interface HeaderChanges {
  /** Replaces all values of the header. */
  readonly set?: Readonly<Record<string, string>>;
  /** Adds a value. */
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** A group of equal upstreams. */
export interface ClusterConfig {
  /** What routes call it. */
  readonly name: string;
  /** `host:port`; names are resolved again and again. */
  readonly endpoints: readonly (string | EndpointConfig)[];
  /** `ringHash` and `maglev` send what has the same hash (`hashOn` of a route) to the same endpoint as long as it is there. Default `roundRobin`. */
  readonly loadBalancer?: "roundRobin" | "leastRequest" | "random" | "ringHash" | "maglev";
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  readonly limits?: ClusterLimits;
  /** Leaves out endpoints that fail, for a while. */
  readonly outlierDetection?: OutlierDetectionConfig;
  /** Asks endpoints whether they are well, and leaves out those that are not. Default: nobody asks. */
  readonly healthCheck?: HealthCheckConfig;
  /** Speaks TLS to the upstreams where set. */
  readonly tls?: ClusterTlsConfig;
  /** Which HTTP is spoken to the upstreams, whatever the client speaks. Default `http1`. */
  readonly protocol?: UpstreamProtocol;
}

/**
 * - `http1`: HTTP/1.1, one request at a time on a connection.
 * - `http2`: HTTP/2, many requests on one connection; upstreams must speak it: with TLS by ALPN `h2`, without by prior knowledge. What gRPC needs.
 * - `auto`: with TLS whichever of the two the upstream chooses by ALPN; without, where nothing tells, HTTP/1.1.
 */
export type UpstreamProtocol = "http1" | "http2" | "auto";

/** An upstream of a cluster, where more than its address is said. */
export interface EndpointConfig {
  readonly address: string;
  /** Its share beside the others, at least 1. Default 1. */
  readonly weight?: number;
}

/** What is above a limit is answered 503 at once. Every limit is 1,024 by default. */
export interface ClusterLimits {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
}

/** When an endpoint is left out by what its requests came to. */
export interface OutlierDetectionConfig {
  /** Failures in a row. Default 5. */
  readonly consecutiveFailures?: number;
  /** Default 10,000. */
  readonly intervalMs?: number;
  /** Default 30,000. */
  readonly ejectionTimeMs?: number;
  /** Share of endpoints that may be out at a time. Default 10. */
  readonly maxEjectedPercent?: number;
  /** Leaves out endpoints that succeed much less often than the others do, too. */
  readonly successRate?: SuccessRateConfig;
  /** Leaves out endpoints of whose requests too many fail, too. */
  readonly failurePercentage?: FailurePercentageConfig;
}

/** Success rates are compared after each interval. */
export interface SuccessRateConfig {
  /** How far below the mean an endpoint is left out, in standard deviations. Default 1.9. */
  readonly deviations?: number;
  /** Endpoints with enough requests below which nothing is compared. Default 5. */
  readonly minimumEndpoints?: number;
  /** Requests in an interval that are enough. Default 100. */
  readonly minimumRequests?: number;
}

/** Failures are counted over each interval. */
export interface FailurePercentageConfig {
  /** Share of failed requests from which on an endpoint is left out. Default 85. */
  readonly percent?: number;
  /** Endpoints with enough requests below which nothing is done. Default 5. */
  readonly minimumEndpoints?: number;
  /** Requests in an interval that are enough. Default 50. */
  readonly minimumRequests?: number;
}

/** What endpoints are asked. One checker asks for the whole proxy, whatever the number of its workers. */
export type HealthCheckConfig = HttpHealthCheckConfig | TcpHealthCheckConfig | GrpcHealthCheckConfig;

/** When endpoints are asked, and how often they have to answer. The very first answer counts at once. */
export interface HealthCheckTiming {
  /** Time between two checks. Default 10,000. */
  readonly intervalMs?: number;
  /** Time for one check, connecting included. Default 1,000. */
  readonly timeoutMs?: number;
  /** Checks without an answer, in a row, after which an endpoint is left out. A wrong answer is enough by itself. Default 3. */
  readonly unhealthyThreshold?: number;
  /** Successful checks in a row after which it is used again. Default 2. */
  readonly healthyThreshold?: number;
  /** Lengthens each interval by a random part of this, so that many proxies do not ask at the same moment. Default 0. */
  readonly jitterMs?: number;
  /** Asks this port instead of the endpoint's own. */
  readonly port?: number;
}

/** A request is answered with an expected status. */
export interface HttpHealthCheckConfig extends HealthCheckTiming {
  readonly kind: "http";
  /** Path with query. */
  readonly path: string;
  /** Host to ask for. Default: the cluster's name. */
  readonly host?: string;
  /** Default `GET`. */
  readonly method?: string;
  /** More header fields for the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses of an endpoint that is well. Default 200. */
  readonly expectedStatuses?: readonly (number | StatusRangeConfig)[];
  /** Statuses that count towards `unhealthyThreshold` instead of being enough by themselves. */
  readonly retriableStatuses?: readonly (number | StatusRangeConfig)[];
  /** Texts that the first kilobyte of the body has to have, in this order. */
  readonly contains?: readonly string[];
  /** Asks by HTTP/2. Default false. */
  readonly http2?: boolean;
}

/** Statuses from `from` to `to`, both included. */
export interface StatusRangeConfig {
  readonly from: number;
  readonly to: number;
}

/** A connection can be made; where `send` or `receive` is set, bytes are exchanged on it. */
export interface TcpHealthCheckConfig extends HealthCheckTiming {
  readonly kind: "tcp";
  readonly send?: string | Uint8Array;
  /** What the answer has to have, in this order, with anything between. */
  readonly receive?: readonly (string | Uint8Array)[];
}

/** `grpc.health.v1.Health/Check` answers `SERVING`. */
export interface GrpcHealthCheckConfig extends HealthCheckTiming {
  readonly kind: "grpc";
  /** Default: the server as a whole. */
  readonly service?: string;
  /** Host to ask for. Default: the cluster's name. */
  readonly host?: string;
}

/** A certificate with its key, in PEM. */
export interface CertificateConfig {
  /** Leaf first. */
  readonly chainPem: string;
  readonly privateKeyPem: string | Secret<string>;
}

/** How the proxy proves itself to clients, and whom it lets in. */
export interface ListenerTlsConfig {
  readonly certificate: CertificateConfig;
  /** Time for the handshake, from the connection's first moment. Default 15,000 (`ProxyLimits.transportTimeoutMs`). */
  readonly handshakeTimeoutMs?: number;
  /** PEM of the roots that client certificates must lead to; clients without a certificate are then refused. */
  readonly clientRootsPem?: string;
}

/** How the proxy speaks TLS to upstreams. */
export interface ClusterTlsConfig {
  /** Name to ask for and to find in the certificate. */
  readonly serverName: string;
  /** PEM of the trusted roots. Default: the system's. */
  readonly rootsPem?: string;
  /** What we prove our own identity with. */
  readonly certificate?: CertificateConfig;
}
