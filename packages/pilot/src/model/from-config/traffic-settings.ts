import type {
  ClientTlsSpec,
  ConfigObject,
  ConnectionPoolSpec,
  FieldPath,
  LoadBalancerSpec,
  OutlierDetectionSpec,
  TrafficPolicySpec,
} from "@fairlead/crds";
import type {
  ClientTls,
  ConnectionPool,
  HashKey,
  LoadBalancer,
  LocalityBalancing,
  OutlierDetection,
  PortSettings,
  RetryBudget,
  TrafficSettings,
  Warmup,
} from "../traffic-policy.ts";

type Rule = ConfigObject<"DestinationRule">;

export const NO_SETTINGS: TrafficSettings = {
  loadBalancer: undefined,
  locality: undefined,
  connectionPool: undefined,
  outlierDetection: undefined,
  tls: undefined,
  byPort: new Map(),
  proxyProtocol: undefined,
  retryBudget: undefined,
};

/** A `trafficPolicy` as settings. */
export function toTrafficSettings(object: Rule, policy: TrafficPolicySpec, path: FieldPath): TrafficSettings {
  const byPort = policy.portLevelSettings.map(
    (entry, index) => [entry.port.number, toPortSettings(object, entry, [...path, "portLevelSettings", index])] as const,
  );
  return {
    ...toPortSettings(object, policy, path),
    byPort: new Map(byPort),
    proxyProtocol: policy.proxyProtocol && (policy.proxyProtocol.version === "V1" ? 1 : 2),
    retryBudget: policy.retryBudget && toRetryBudget(policy.retryBudget),
  };
}

/** Istio's defaults; a minimum of 0 is protobuf's way of saying nothing. */
function toRetryBudget({ percent, minRetryConcurrency }: NonNullable<TrafficPolicySpec["retryBudget"]>): RetryBudget {
  return { percent: percent ?? 20, minimumRetries: atLeastOne(minRetryConcurrency) ?? 3 };
}

/** A subset's settings, completed block by block from those of the whole host (Istio's merge of subset policies, for each port). */
export function completeSettings(whole: TrafficSettings, subset: TrafficSettings): TrafficSettings {
  const ports = new Set([...whole.byPort.keys(), ...subset.byPort.keys()]);
  const byPort = [...ports].map((port) => [port, complete(whole.byPort.get(port) ?? whole, subset.byPort.get(port) ?? subset)] as const);
  return { ...complete(whole, subset), byPort: new Map(byPort) };
}

function complete(base: PortSettings, own: PortSettings): PortSettings {
  return {
    loadBalancer: own.loadBalancer ?? base.loadBalancer,
    locality: own.locality ?? base.locality,
    connectionPool: own.connectionPool ?? base.connectionPool,
    outlierDetection: own.outlierDetection ?? base.outlierDetection,
    tls: own.tls ?? base.tls,
    proxyProtocol: own.proxyProtocol ?? base.proxyProtocol,
    retryBudget: own.retryBudget ?? base.retryBudget,
  };
}

type BlocksSpec = Pick<TrafficPolicySpec, "loadBalancer" | "connectionPool" | "outlierDetection" | "tls">;

function toPortSettings(object: Rule, blocks: BlocksSpec, path: FieldPath): PortSettings {
  const { loadBalancer, connectionPool, outlierDetection, tls } = blocks;
  return {
    locality: loadBalancer && toLocalityBalancing(loadBalancer.localityLbSetting),
    loadBalancer: loadBalancer && toLoadBalancer(object, loadBalancer, [...path, "loadBalancer"]),
    connectionPool: connectionPool && toConnectionPool(object, connectionPool, [...path, "connectionPool"]),
    outlierDetection: outlierDetection && toOutlierDetection(object, outlierDetection, [...path, "outlierDetection"]),
    tls: tls && toClientTls(object, tls, [...path, "tls"]),
    proxyProtocol: undefined,
    retryBudget: undefined,
  };
}

/** A load balancer that says nothing about localities takes what holds for the mesh. */
function toLocalityBalancing(spec: LoadBalancerSpec["localityLbSetting"]): LocalityBalancing {
  return {
    isEnabled: spec?.enabled ?? true,
    distribute: spec?.distribute ?? [],
    failover: spec?.failover ?? [],
    failoverPriority: spec?.failoverPriority ?? [],
  };
}

function toLoadBalancer(object: Rule, spec: LoadBalancerSpec, path: FieldPath): LoadBalancer | undefined {
  const origin = object.originOf(path);
  if (spec.consistentHash !== undefined) return toConsistentHash(object, spec.consistentHash, path);
  const warmup = toWarmup(spec);
  switch (spec.simple) {
    case "ROUND_ROBIN":
      return { kind: "round-robin", warmup, origin };
    case "LEAST_REQUEST":
    case "LEAST_CONN":
      return { kind: "least-request", warmup, origin };
    case "RANDOM":
      return { kind: "random", origin };
    case "PASSTHROUGH":
      return { kind: "passthrough", origin };
    case "UNSPECIFIED":
    case undefined:
      // What is not said is least request; only what comes with it has to be kept.
      return warmup && { kind: "least-request", warmup, origin };
  }
}

/** Istio's defaults. */
function toWarmup(spec: LoadBalancerSpec): Warmup | undefined {
  const durationMs = spec.warmup?.duration ?? spec.warmupDurationSecs ?? 0;
  if (durationMs === 0) return undefined;
  return { durationMs, minimumPercent: spec.warmup?.minimumPercent ?? 10, aggression: spec.warmup?.aggression ?? 1 };
}

/** Istio's defaults for the sizes of both tables. */
const DEFAULT_RING_SIZE = 1024;
const DEFAULT_MAGLEV_SIZE = 65_537;

function toConsistentHash(object: Rule, spec: NonNullable<LoadBalancerSpec["consistentHash"]>, path: FieldPath): LoadBalancer | undefined {
  const key = toHashKey(spec);
  if (key === undefined) return undefined;
  const ringSize = spec.ringHash?.minimumRingSize ?? spec.minimumRingSize ?? 0;
  const tableSize = spec.maglev?.tableSize ?? 0;
  return {
    kind: "consistent-hash",
    key,
    algorithm:
      spec.maglev === undefined
        ? { kind: "ring-hash", minimumRingSize: ringSize === 0 ? DEFAULT_RING_SIZE : ringSize }
        : { kind: "maglev", tableSize: tableSize === 0 ? DEFAULT_MAGLEV_SIZE : tableSize },
    origin: object.originOf([...path, "consistentHash"]),
  };
}

function toHashKey(spec: NonNullable<LoadBalancerSpec["consistentHash"]>): HashKey | undefined {
  if (spec.httpHeaderName !== undefined) return { kind: "header", name: spec.httpHeaderName.toLowerCase() };
  if (spec.httpQueryParameterName !== undefined) return { kind: "query-parameter", name: spec.httpQueryParameterName };
  if (spec.httpCookie !== undefined)
    return { kind: "cookie", name: spec.httpCookie.name, path: spec.httpCookie.path ?? "", ttlMs: spec.httpCookie.ttl };
  return spec.useSourceIp === true ? { kind: "source-ip" } : undefined;
}

function toConnectionPool(object: Rule, spec: ConnectionPoolSpec, path: FieldPath): ConnectionPool {
  const { tcp, http } = spec;
  const { tcpKeepalive } = tcp ?? {};
  return {
    maxConnections: atLeastOne(tcp?.maxConnections),
    connectTimeoutMs: tcp?.connectTimeout,
    maxConnectionDurationMs: tcp?.maxConnectionDuration,
    tcpIdleTimeoutMs: tcp?.idleTimeout,
    tcpKeepalive: tcpKeepalive && { probes: tcpKeepalive.probes, timeMs: tcpKeepalive.time, intervalMs: tcpKeepalive.interval },
    http1MaxPendingRequests: atLeastOne(http?.http1MaxPendingRequests),
    http2MaxRequests: atLeastOne(http?.http2MaxRequests),
    maxRequestsPerConnection: http?.maxRequestsPerConnection,
    maxRetries: atLeastOne(http?.maxRetries),
    httpIdleTimeoutMs: http?.idleTimeout,
    h2Upgrade: http?.h2UpgradePolicy === "UPGRADE" ? "always" : http?.h2UpgradePolicy === "DO_NOT_UPGRADE" ? "never" : "default",
    useClientProtocol: http?.useClientProtocol ?? false,
    maxConcurrentStreams: atLeastOne(http?.maxConcurrentStreams),
    http2Keepalive: http?.http2KeepAlive && { intervalMs: http.http2KeepAlive.interval, timeoutMs: http.http2KeepAlive.timeout },
    origin: object.originOf(path),
  };
}

/** A limit of 0 is protobuf's way of saying nothing. */
function atLeastOne(limit: number | undefined): number | undefined {
  return limit === 0 ? undefined : limit;
}

function toOutlierDetection(object: Rule, spec: OutlierDetectionSpec, path: FieldPath): OutlierDetection {
  return {
    consecutive5xxErrors: spec.consecutive5xxErrors ?? 5,
    consecutiveGatewayErrors: spec.consecutiveGatewayErrors ?? spec.consecutiveErrors ?? 0,
    splitExternalLocalOriginErrors: spec.splitExternalLocalOriginErrors,
    consecutiveLocalOriginFailures: spec.consecutiveLocalOriginFailures ?? 5,
    intervalMs: spec.interval ?? 10_000,
    baseEjectionTimeMs: spec.baseEjectionTime ?? 30_000,
    maxEjectionPercent: spec.maxEjectionPercent ?? 10,
    minHealthPercent: spec.minHealthPercent ?? 0,
    origin: object.originOf(path),
  };
}

const TLS_MODES = { DISABLE: "disable", SIMPLE: "simple", MUTUAL: "mutual", ISTIO_MUTUAL: "istio-mutual" } as const;

function toClientTls(object: Rule, spec: ClientTlsSpec, path: FieldPath): ClientTls {
  return {
    mode: TLS_MODES[spec.mode],
    certificateFile: spec.clientCertificate,
    privateKeyFile: spec.privateKey,
    caCertificatesFile: spec.caCertificates,
    revokedFile: spec.caCrl,
    subjectAltNames: spec.subjectAltNames,
    sni: spec.sni,
    insecureSkipVerify: spec.insecureSkipVerify,
    origin: object.originOf(path),
  };
}
