import type { Origin } from "@fairlead/kit";

/** The proxy's admin API (HTTP, JSON, on `adminAddress`): what `fairlead config`, `explain` and `status` read. */

export type ProxyState = "starting" | "ready" | "draining" | "stopped";

/** `GET /fairlead/server_info` */
export interface ProxyServerInfo {
  readonly version: string;
  readonly state: ProxyState;
  readonly node: ProxyNode;
  readonly uptimeMs: number;
  readonly workers: number;
  readonly xds: ProxyXdsStatus;
  readonly report: ProxyReportStatus | null;
}

export interface ProxyNode {
  readonly id: string;
  readonly type: "sidecar" | "gateway";
  readonly name: string;
  readonly namespace: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** SPIFFE ID. */
  readonly principal: string;
}

/** What the proxy has from its xDS server. */
export interface ProxyXdsStatus {
  readonly server: string;
  readonly protocol: "delta" | "sotw";
  readonly connected: boolean;
  /** Why the last stream ended or could not be opened; null where it never did. */
  readonly lastError: string | null;
  /** True while what serves was read from disk because no server has answered yet. */
  readonly fromLastKnownGood: boolean;
  readonly types: readonly ProxyXdsTypeStatus[];
}

export interface ProxyXdsTypeStatus {
  readonly typeUrl: string;
  readonly resources: number;
  readonly acknowledged: number;
  readonly rejected: number;
  /** Resources whose newest version was refused; their last good version, if any, keeps serving. */
  readonly problems: readonly ProxyResourceProblem[];
}

export interface ProxyResourceProblem {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

/** Telemetry on its way to Mixer. */
export interface ProxyReportStatus {
  readonly server: string;
  readonly connected: boolean;
  readonly lastError: string | null;
  /** Batches that Mixer has not acknowledged yet. */
  readonly unacknowledgedBatches: number;
  readonly acknowledgedBatches: number;
  readonly droppedBatches: number;
}

/** `GET /fairlead/config_dump`: what the engine runs. Secrets carry no private key. */
export interface ProxyConfigDump {
  readonly node: ProxyNode;
  readonly xds: ProxyXdsStatus;
  /** The engine's own account: listeners, routes, clusters with endpoints, secrets; each named and with the origins that made it. */
  readonly config: ProxyEngineConfig;
}

/** A JSON object of the engine's; its sections are lists of named objects, but for `names`: null, or where and by which tables it answers DNS. */
export type ProxyEngineConfig = Readonly<Record<string, unknown>>;

/** `GET /fairlead/clusters`: the engine's clusters and the state of their endpoints. */
export interface ProxyClusters {
  readonly clusters: readonly unknown[];
  readonly endpoints: readonly unknown[];
}

/** `GET /fairlead/stats`: every sample of `/stats/prometheus` that is about traffic, configuration or reports. */
export interface ProxyStats {
  readonly samples: readonly ProxyStat[];
}

/** One counter or gauge. */
export interface ProxyStat {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `GET /fairlead/certs`, and the answer of `POST /rotate_certificates`, which replaces key and certificate at once. */
export interface ProxyCertificates {
  /** The workload's own; null before Citadel has answered. */
  readonly certificate: ProxyCertificate | null;
}

export interface ProxyCertificate {
  readonly spiffeId: string;
  readonly serialNumber: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  readonly remainingMs: number;
  /** SHA-256 of every trusted root, hex. */
  readonly trustedRootFingerprints: readonly string[];
}

/** Body of `POST /explain`; also what the offline explain takes. */
export interface ProxyExplainRequest {
  /** Name of the listener that accepts the connection; else found by `address`. */
  readonly listener?: string;
  /** Where the client connects to, `ip:port`: the original destination. */
  readonly address?: string;
  readonly method: string;
  /** `Host` or `:authority`. */
  readonly authority: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** SPIFFE ID that the client proves by mutual TLS; absent for plaintext. */
  readonly principal?: string;
}

/** Answer of `POST /explain`: which way the request would take, and what decided so. */
export interface ProxyExplanation {
  /** Names; absent where the request does not get that far. */
  readonly listener?: string;
  readonly filterChain?: string;
  readonly virtualHost?: string;
  readonly route?: string;
  readonly cluster?: string;
  readonly endpoints?: readonly ProxyExplainedEndpoint[];
  /** In the order of the request's way. */
  readonly decisions: readonly ProxyDecision[];
}

/** An endpoint that may serve the request. */
export interface ProxyExplainedEndpoint {
  readonly address: string;
  readonly healthy?: boolean;
  readonly weight?: number;
}

/** One step of the way of a request. */
export interface ProxyDecision {
  /** `listener`, `filterChain`, `filter`, `virtualHost`, `route`, `cluster`, `endpoint` … */
  readonly stage: string;
  /** What was decided, in a sentence. */
  readonly outcome: string;
  /** The configuration object, with file and line where known, that made it so. */
  readonly origin?: Origin | readonly Origin[] | null;
}

/** Error body of every admin endpoint. */
export interface ProxyAdminError {
  readonly error: string;
}
