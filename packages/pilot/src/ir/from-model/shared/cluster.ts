import type { Service } from "../../../model/service.ts";
import type { ConnectionPool, OutlierDetection, PortSettings, RetryBudget } from "../../../model/traffic-policy.ts";
import type { Workload } from "../../../model/workload.ts";
import type { LocalityEndpoints } from "../../endpoint.ts";
import type { Cluster, ClusterLimits, ClusterLoadBalancer, ClusterOutlierDetection } from "../../cluster.ts";

/** Istio's, where nothing is said (`meshConfig.connectTimeout`). */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const UNLIMITED: ClusterLimits = {
  maxConnections: undefined,
  maxPendingRequests: undefined,
  maxRequests: undefined,
  maxRetries: undefined,
  retryBudget: undefined,
};

/** A cluster of which no configuration speaks: bytes in plaintext, without limits. */
export const BARE_CLUSTER = {
  connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS,
  loadBalancer: { kind: "round-robin", warmup: undefined },
  isLocalityWeighted: false,
  protocol: {
    kind: "tcp",
    idleTimeoutMs: undefined,
    maxConnectionDurationMs: undefined,
    maxRequestsPerConnection: 0,
    maxConcurrentStreams: undefined,
    keepalive: undefined,
  },
  limits: UNLIMITED,
  outlierDetection: undefined,
  tcpKeepalive: undefined,
  transport: { kind: "plain" },
  proxyProtocol: undefined,
  services: [],
  origins: [],
} as const satisfies Omit<Cluster, "name" | "discovery">;

/** Where connections go on to where they were going: how long one may rest (Istio's). */
export const PASSTHROUGH_IDLE_TIMEOUT_MS = 300_000;

export function loadBalancerOf(service: Service, settings: PortSettings): ClusterLoadBalancer {
  const chosen = settings.loadBalancer;
  if (service.resolution === "none" || chosen?.kind === "passthrough") return { kind: "provided" };
  if (chosen === undefined) return { kind: "least-request", warmup: undefined };
  switch (chosen.kind) {
    case "consistent-hash":
      return { kind: "hash", algorithm: chosen.algorithm };
    case "random":
      return { kind: chosen.kind };
    case "round-robin":
    case "least-request":
      return { kind: chosen.kind, warmup: chosen.warmup };
  }
}

export function limitsOf(pool: ConnectionPool | undefined, retryBudget: RetryBudget | undefined): ClusterLimits {
  if (pool === undefined) return { ...UNLIMITED, retryBudget };
  return {
    maxConnections: pool.maxConnections,
    maxPendingRequests: pool.http1MaxPendingRequests,
    maxRequests: pool.http2MaxRequests,
    maxRetries: pool.maxRetries,
    retryBudget,
  };
}

export function outlierDetectionOf(detection: OutlierDetection | undefined): ClusterOutlierDetection | undefined {
  if (detection === undefined) return undefined;
  return {
    consecutive5xx: detection.consecutive5xxErrors,
    consecutiveGatewayErrors: detection.consecutiveGatewayErrors,
    consecutiveLocalOriginFailures: detection.splitExternalLocalOriginErrors ? detection.consecutiveLocalOriginFailures : undefined,
    intervalMs: detection.intervalMs,
    baseEjectionTimeMs: detection.baseEjectionTimeMs,
    maxEjectionPercent: detection.maxEjectionPercent,
    panicPercent: detection.minHealthPercent,
  };
}

export function tcpKeepaliveOf(pool: ConnectionPool | undefined): Cluster["tcpKeepalive"] {
  return pool?.tcpKeepalive;
}

/** An address that is no workload of the mesh. */
export function soleEndpoint(address: string, port: number): LocalityEndpoints {
  const endpoint = { address, port, weight: 1, workload: { ...NOBODY, address } };
  return { locality: undefined, endpoints: [endpoint], priority: 0, weight: undefined };
}

const NOBODY: Workload = {
  key: "",
  name: "",
  namespace: "",
  address: "",
  labels: {},
  serviceAccount: "",
  spiffeId: undefined,
  canonicalService: "",
  canonicalRevision: "",
  locality: undefined,
  network: "",
  weight: 1,
  ports: {},
  speaksMeshTls: false,
  origin: { kind: "Application", namespace: "", name: "" },
};
