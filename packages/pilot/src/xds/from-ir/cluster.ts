import { create } from "@bufbuild/protobuf";
import {
  type Cluster as XdsCluster,
  type Cluster_SlowStartConfigSchema,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  ClusterSchema,
} from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import type { CircuitBreakers_Thresholds_RetryBudgetSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/circuit_breaker_pb";
import type { TransportSocket } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { HttpProtocolOptionsSchema } from "@fairlead/api/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb";
import type {
  Cluster,
  ClusterDiscovery,
  ClusterLimits,
  ClusterLoadBalancer,
  ClusterOutlierDetection,
  ClusterProtocol,
  ClusterTransport,
  ClusterWarmup,
} from "../../ir/cluster.ts";
import { type Init, metadata, milliseconds, pack } from "./any.ts";
import { FROM_ADS } from "./config-source.ts";
import { toLocalities } from "./endpoint.ts";
import { PLAINTEXT, toUpstreamTls, withProxyProtocol } from "./secret.ts";

type ClusterInit = Init<typeof ClusterSchema>;

/** Envoy's defaults are low limits; the mesh's are none. */
const UNLIMITED = 4_294_967_295;
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function toCluster(cluster: Cluster): XdsCluster {
  const { limits } = cluster;
  return create(ClusterSchema, {
    name: cluster.name,
    ...discovery(cluster.name, cluster.discovery),
    connectTimeout: milliseconds(cluster.connectTimeoutMs),
    ...loadBalancing(cluster.loadBalancer),
    commonLbConfig: {
      healthyPanicThreshold: { value: cluster.outlierDetection?.panicPercent ?? 0 },
      ...(cluster.isLocalityWeighted ? { localityConfigSpecifier: { case: "localityWeightedLbConfig", value: {} } } : {}),
    },
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: limits.maxConnections ?? UNLIMITED,
          maxPendingRequests: limits.maxPendingRequests ?? UNLIMITED,
          maxRequests: limits.maxRequests ?? UNLIMITED,
          maxRetries: limits.maxRetries ?? UNLIMITED,
          ...(limits.retryBudget === undefined ? {} : { retryBudget: toRetryBudget(limits.retryBudget) }),
          trackRemaining: true,
        },
      ],
    },
    ...(cluster.outlierDetection === undefined ? {} : { outlierDetection: outlierDetection(cluster.outlierDetection) }),
    ...(cluster.tcpKeepalive === undefined ? {} : { upstreamConnectionOptions: { tcpKeepalive: keepalive(cluster.tcpKeepalive) } }),
    typedExtensionProtocolOptions: protocolOptions(cluster.protocol, cluster.transport),
    ...transport(cluster.transport, cluster.proxyProtocol),
    ...clusterMetadata(cluster),
  });
}

function clusterMetadata(cluster: Cluster): Pick<ClusterInit, "metadata"> {
  const services = cluster.services.map(({ host, name, namespace }) => ({ host, name, namespace }));
  const value = metadata(cluster.origins, "without-lines", services.length === 0 ? {} : { istio: { services } });
  return value === undefined ? {} : { metadata: value };
}

function discovery(name: string, from: ClusterDiscovery): ClusterInit {
  switch (from.kind) {
    case "eds":
      return {
        clusterDiscoveryType: discoveryType(Cluster_DiscoveryType.EDS),
        edsClusterConfig: { edsConfig: FROM_ADS, serviceName: name },
      };
    case "static":
      return {
        clusterDiscoveryType: discoveryType(Cluster_DiscoveryType.STATIC),
        loadAssignment: { clusterName: name, endpoints: toLocalities(from.localities) },
      };
    case "dns":
    case "dns-round-robin":
      return {
        clusterDiscoveryType: discoveryType(from.kind === "dns" ? Cluster_DiscoveryType.STRICT_DNS : Cluster_DiscoveryType.LOGICAL_DNS),
        dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
        loadAssignment: { clusterName: name, endpoints: toLocalities(from.localities) },
      };
    case "internal":
      return {
        clusterDiscoveryType: discoveryType(Cluster_DiscoveryType.STATIC),
        loadAssignment: { clusterName: name, endpoints: [internalEndpoint(from.listenerName)] },
      };
    case "original-destination":
      return {
        clusterDiscoveryType: discoveryType(Cluster_DiscoveryType.ORIGINAL_DST),
        ...(from.portOverride === undefined
          ? {}
          : { lbConfig: { case: "originalDstLbConfig", value: { upstreamPortOverride: from.portOverride } } }),
        ...(from.sourceAddress === undefined
          ? {}
          : { upstreamBindConfig: { sourceAddress: { address: from.sourceAddress, portSpecifier: { case: "portValue", value: 0 } } } }),
      };
    case "none":
      return { clusterDiscoveryType: discoveryType(Cluster_DiscoveryType.STATIC) };
  }
}

function discoveryType(value: Cluster_DiscoveryType): { readonly case: "type"; readonly value: Cluster_DiscoveryType } {
  return { case: "type", value };
}

function internalEndpoint(listenerName: string): NonNullable<NonNullable<ClusterInit["loadAssignment"]>["endpoints"]>[number] {
  const address = {
    case: "envoyInternalAddress",
    value: { addressNameSpecifier: { case: "serverListenerName", value: listenerName } },
  } as const;
  return { lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: { address } } } }] };
}

function loadBalancing(loadBalancer: ClusterLoadBalancer): ClusterInit {
  switch (loadBalancer.kind) {
    case "round-robin":
      return {
        lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
        ...(loadBalancer.warmup && {
          lbConfig: { case: "roundRobinLbConfig", value: { slowStartConfig: slowStart(loadBalancer.warmup) } },
        }),
      };
    case "least-request":
      return {
        lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
        ...(loadBalancer.warmup && {
          lbConfig: { case: "leastRequestLbConfig", value: { slowStartConfig: slowStart(loadBalancer.warmup) } },
        }),
      };
    case "random":
      return { lbPolicy: Cluster_LbPolicy.RANDOM };
    case "provided":
      return { lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED };
    case "hash": {
      const { algorithm } = loadBalancer;
      return algorithm.kind === "maglev"
        ? { lbPolicy: Cluster_LbPolicy.MAGLEV, lbConfig: { case: "maglevLbConfig", value: { tableSize: BigInt(algorithm.tableSize) } } }
        : {
            lbPolicy: Cluster_LbPolicy.RING_HASH,
            lbConfig: { case: "ringHashLbConfig", value: { minimumRingSize: BigInt(algorithm.minimumRingSize) } },
          };
    }
  }
}

function slowStart({ durationMs, minimumPercent, aggression }: ClusterWarmup): Init<typeof Cluster_SlowStartConfigSchema> {
  return {
    slowStartWindow: milliseconds(durationMs),
    aggression: { defaultValue: aggression, runtimeKey: "" },
    minWeightPercent: { value: minimumPercent },
  };
}

function outlierDetection(detection: ClusterOutlierDetection): NonNullable<ClusterInit["outlierDetection"]> {
  const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalOriginFailures: local } = detection;
  return {
    interval: milliseconds(detection.intervalMs),
    baseEjectionTime: milliseconds(detection.baseEjectionTimeMs),
    maxEjectionPercent: detection.maxEjectionPercent,
    // Only what is asked for: Envoy would eject by success rate on its own.
    enforcingSuccessRate: 0,
    ...(consecutive5xx > 0 ? { consecutive5xx: consecutive5xx } : {}),
    enforcingConsecutive5xx: enforcedPercent(consecutive5xx),
    ...(consecutiveGatewayErrors > 0 ? { consecutiveGatewayFailure: consecutiveGatewayErrors } : {}),
    enforcingConsecutiveGatewayFailure: enforcedPercent(consecutiveGatewayErrors),
    ...(local === undefined
      ? {}
      : {
          splitExternalLocalOriginErrors: true,
          consecutiveLocalOriginFailure: local,
          enforcingConsecutiveLocalOriginFailure: enforcedPercent(local),
          enforcingLocalOriginSuccessRate: 0,
        }),
  };
}

function enforcedPercent(count: number): number {
  return count > 0 ? 100 : 0;
}

/** Envoy counts whole seconds. */
function keepalive(
  from: NonNullable<Cluster["tcpKeepalive"]>,
): NonNullable<NonNullable<ClusterInit["upstreamConnectionOptions"]>["tcpKeepalive"]> {
  return {
    ...(from.probes === undefined ? {} : { keepaliveProbes: from.probes }),
    ...(from.timeMs === undefined ? {} : { keepaliveTime: Math.max(1, Math.round(from.timeMs / 1000)) }),
    ...(from.intervalMs === undefined ? {} : { keepaliveInterval: Math.max(1, Math.round(from.intervalMs / 1000)) }),
  };
}

function protocolOptions(
  protocol: ClusterProtocol,
  transport: ClusterTransport,
): NonNullable<ClusterInit["typedExtensionProtocolOptions"]> {
  if (protocol.kind === "tcp") return {};
  const { keepalive: pings } = protocol;
  const http2 = {
    ...(protocol.maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams: protocol.maxConcurrentStreams }),
    ...(pings === undefined
      ? {}
      : { connectionKeepalive: { interval: milliseconds(pings.intervalMs), timeout: milliseconds(pings.timeoutMs) } }),
  };
  const tls = transport.kind === "plain" ? undefined : transport.tls;
  const upstream = { autoSni: tls?.serverName.kind === "request-host", autoSanValidation: tls?.verifiesRequestHost === true };
  return {
    [HTTP_OPTIONS]: pack(HttpProtocolOptionsSchema, {
      commonHttpProtocolOptions: {
        ...(protocol.idleTimeoutMs === undefined ? {} : { idleTimeout: milliseconds(protocol.idleTimeoutMs) }),
        ...(protocol.maxConnectionDurationMs === undefined
          ? {}
          : { maxConnectionDuration: milliseconds(protocol.maxConnectionDurationMs) }),
        ...(protocol.maxRequestsPerConnection === 0 ? {} : { maxRequestsPerConnection: protocol.maxRequestsPerConnection }),
      },
      ...(upstream.autoSni || upstream.autoSanValidation ? { upstreamHttpProtocolOptions: upstream } : {}),
      upstreamProtocolOptions:
        protocol.kind === "downstream"
          ? { case: "useDownstreamProtocolConfig", value: { httpProtocolOptions: {}, http2ProtocolOptions: http2 } }
          : {
              case: "explicitHttpConfig",
              value: {
                protocolConfig:
                  protocol.kind === "http2" ? { case: "http2ProtocolOptions", value: http2 } : { case: "httpProtocolOptions", value: {} },
              },
            },
    }),
  };
}

function transport(from: ClusterTransport, proxyProtocol: Cluster["proxyProtocol"]): ClusterInit {
  const wrap = (socket: TransportSocket): TransportSocket =>
    proxyProtocol === undefined ? socket : withProxyProtocol(proxyProtocol, socket);
  switch (from.kind) {
    case "plain":
      return proxyProtocol === undefined ? {} : { transportSocket: wrap(PLAINTEXT) };
    case "tls":
      return { transportSocket: wrap(toUpstreamTls(from.tls)) };
    case "auto":
      return {
        transportSocketMatches: [
          { name: "tlsMode-istio", match: { tlsMode: "istio" }, transportSocket: wrap(toUpstreamTls(from.tls)) },
          { name: "tlsMode-disabled", match: {}, transportSocket: wrap(PLAINTEXT) },
        ],
      };
  }
}

function toRetryBudget({
  percent,
  minimumRetries,
}: NonNullable<ClusterLimits["retryBudget"]>): Init<typeof CircuitBreakers_Thresholds_RetryBudgetSchema> {
  return { budgetPercent: { value: percent }, minRetryConcurrency: minimumRetries };
}
