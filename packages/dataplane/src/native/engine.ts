import type { ProxyExplainRequest, ProxyExplanation } from "@fairlead/api";

/** What the TypeScript side asks of the native engine; `addon.ts` is the real one, tests have a fake. */
export interface Engine {
  /** Applies one xDS response's resources; the answer is what is wrong with them, each named. The others are in use. */
  applyXds(typeUrl: string, upserts: readonly ResourceUpsert[], removed: readonly string[]): Promise<readonly EngineProblem[]>;
  /** Replaces the static configuration (`config::Config` as JSON); with an error among the answers nothing is changed. */
  applyConfig(json: string): Promise<readonly EngineProblem[]>;
  /** Refuses new connections and waits for requests in flight; false where some were left after `deadlineMs`. */
  drain(deadlineMs: number, scope: DrainScope): Promise<boolean>;
  /** Ends all threads, after a last report. Idempotent. */
  stop(): Promise<void>;
  /** Counters in Prometheus' text format. */
  stats(): Promise<string>;
  /** Opens the files of access logs anew at their next line, after they were moved away. */
  reopenLogs(): Promise<void>;
  /** Encoded `fairlead.telemetry.v1.ReportBatch` messages, one per call; one listener at a time. */
  onReport(listener: (batch: Uint8Array) => void): void;
  explain(request: ProxyExplainRequest): Promise<ProxyExplanation>;
  /** What runs, as a JSON object, without private keys. */
  dumpConfig(): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Hands recorded requests to `listener`, as the configuration says that they are written; answers what ends that. Throws `cannot-tap` where the
   * configuration cannot be used, or somebody else records the same.
   */
  startTap(request: EngineTapRequest, listener: (trace: Uint8Array) => void): () => void;
  /** True once a listener accepts traffic and none waits for routes or secrets. */
  isReady(): boolean;
  /** True once another process has taken over the listening sockets; a drain then waits for idle connections too. */
  isHandedOver(): boolean;
  /** A number by which threads of this process that run filters find the proxy. */
  proxyNumber(): number;
  /** Is told of threads that run filters and do not come back; one listener at a time. */
  onFilterThreadHang(listener: (thread: number) => void): void;
}

/** What is to be recorded. */
export interface EngineTapRequest {
  /** Of the filters that are meant; `fairlead` is every HTTP request of the proxy. */
  readonly configId: string;
  /** An encoded `envoy.config.tap.v3.TapConfig`. */
  readonly config: Uint8Array;
  /** Traces have the values of headers that are secret, such as `authorization`. */
  readonly showsSecrets: boolean;
}

export type DrainScope = "all" | "inbound";

/** One resource of an xDS response, still encoded (the value of its `Any`). */
export interface ResourceUpsert {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** The engine's opinion of one resource. */
export interface EngineProblem {
  /** `error`: not used, its last good version keeps serving. `warning`: used, but a part has no effect. */
  readonly severity: "error" | "warning";
  readonly resourceType: string;
  readonly name: string;
  /** Field path inside the resource, empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Settings of a new engine (`proxy::Bootstrap`); what is left out takes the engine's default. */
export interface EngineBootstrap {
  readonly node?: {
    readonly workload: string;
    readonly namespace: string;
    readonly service: string;
    readonly version: string;
    readonly principal: string;
    readonly cluster: string;
    readonly nodeId: string;
    /** Where the proxy is: for clusters that prefer its own zone. */
    readonly locality?: { readonly region: string; readonly zone: string; readonly subzone: string };
    /** The cluster that the workload is an endpoint of: from where requests come. */
    readonly localCluster?: string;
  };
  /** 0: one per CPU that the process may use. */
  readonly workers?: number;
  readonly limits?: ProxyLimits;
  /** 0: no reports. */
  readonly reportIntervalMs?: number;
  /** A Unix socket over which a process hands its listening sockets to the next one that is started with the same path. */
  readonly handoverPath?: string;
  /** Threads that will run filters; 0 (the default): no filter is loaded. */
  readonly filterThreads?: number;
  /** What configuration may have recorded in files; nothing unless there is a folder. */
  readonly tap?: EngineTapSettings;
  /** Filters are taken by their names and never loaded: for an engine that explains and does not serve. */
  readonly assumesFilters?: boolean;
  /** How questions of DNS are answered; without it they are not listened for. */
  readonly dns?: {
    /** `host:port`; one of a family that the machine does not have is left out. */
    readonly addresses: readonly string[];
    readonly namespace: string;
    /** Of services: `svc.cluster.local`. */
    readonly domain: string;
    readonly resolvConf: string;
  };
  /** Of the requests that did not fail, the share that is in a report by itself. */
  readonly accessLog?: { readonly sampleRate: number };
}

/** Files of recorded requests. */
export interface EngineTapSettings {
  /** The folder below which they may be written. */
  readonly directory: string;
  /** They have the values of headers that are secret. Default false. */
  readonly showsSecrets?: boolean;
}

/** What bounds the resources that strangers can make a proxy use; each has a default. */
export interface ProxyLimits {
  /** Downstream connections of the whole process; one above is closed at once. Default 50,000. */
  readonly maxConnections?: number;
  /**
   * Memory of the process in bytes: near it connections are not kept alive (85 %), requests are answered 503 (92 %), new connections wait
   * (97 %). Default: the limit of the process's control group, if it has one.
   */
  readonly maxMemoryBytes?: number;
  /** Request or response head, whatever listeners (61,440 unless they say otherwise) and clusters allow; a larger request is answered 431. Default 196,608. */
  readonly maxHeadBytes?: number;
  /** Header fields in one head, whatever they allow (100 unless they say otherwise); more are answered 431. Default and at most 128. */
  readonly maxHeaders?: number;
  /** Request body kept for a retry or a mirror. Default 65,536. */
  readonly maxReplayBytes?: number;
  /** For a complete request head after its first byte, where the listener says nothing; 0 is none. Default 60,000. */
  readonly requestHeadersTimeoutMs?: number;
  /** For a connection between requests, where the listener says nothing; 0 is none. Default one hour. */
  readonly idleTimeoutMs?: number;
  /** For TLS handshakes and for finding out what a connection speaks, where the listener says nothing. Default 15,000. */
  readonly transportTimeoutMs?: number;
}

/** `cluster reviews: loadAssignment: …`, the line that a NACK or an error carries. */
export function describeEngineProblem(problem: EngineProblem): string {
  return [problem.name, problem.path, problem.message].filter((part) => part !== "").join(": ");
}
