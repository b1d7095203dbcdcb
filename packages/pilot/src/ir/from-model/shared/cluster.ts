import type { Endpoint } from "../../../model/endpoint.ts";
import type { Service } from "../../../model/service.ts";
import type { ConnectionPool, OutlierDetection, PortSettings } from "../../../model/traffic-policy.ts";
import type { Workload } from "../../../model/workload.ts";
import type { Cluster, ClusterLimits, ClusterLoadBalancer, ClusterOutlierDetection } from "../../cluster.ts";

/** Istio's, where nothing is said (`meshConfig.connectTimeout`). */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
export const UNLIMITED: ClusterLimits = {
  maxConnections: undefined,
  maxPendingRequests: undefined,
  maxRequests: undefined,
  maxRetries: undefined,
};

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

export function limitsOf(pool: ConnectionPool | undefined): ClusterLimits {
  if (pool === undefined) return UNLIMITED;
  return {
    maxConnections: pool.maxConnections,
    maxPendingRequests: pool.http1MaxPendingRequests,
    maxRequests: pool.http2MaxRequests,
    maxRetries: pool.maxRetries,
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
export function endpointAt(address: string, port: number): Endpoint {
  return { address, port, weight: 1, workload: { ...NOBODY, address } };
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
