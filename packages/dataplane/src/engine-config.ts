import { isIP } from "node:net";
import { Secret, splitAddress } from "@fairlead/kit";
import type { JsonValue } from "./bootstrap.ts";
import type {
  CertificateConfig,
  ClusterConfig,
  ClusterTlsConfig,
  ForwardAction,
  HeaderChanges,
  HealthCheckConfig,
  HostConfig,
  HttpHealthCheckConfig,
  HttpListenerConfig,
  ListenerConfig,
  ListenerTlsConfig,
  OutlierDetectionConfig,
  ProxyConfig,
  RouteAction,
  RouteConfig,
  RouteMatch,
  StatusRangeConfig,
  StringMatch,
  WeightedCluster,
} from "./config.ts";
import { toAccessLogs, toFilterOverrides, toFilters, toHashPolicy } from "./engine-policies.ts";

type JsonObject = { readonly [key: string]: JsonValue };

/** The engine's own configuration (`config::Config` in crates/config); what is not said takes Envoy's defaults there. */
export function toEngineConfig(config: ProxyConfig): JsonObject {
  return { listeners: config.listeners.map(toListener), clusters: config.clusters.map(toCluster) };
}

function toListener(listener: ListenerConfig): JsonObject {
  const { name, address, tls } = listener;
  const filter =
    listener.kind === "http"
      ? { httpConnectionManager: toHttp(listener) }
      : {
          tcpProxy: present({
            statPrefix: name,
            ...toTarget(listener.to),
            idleTimeoutMs: listener.idleTimeoutMs,
            accessLog: listener.accessLogs && toAccessLogs(listener.accessLogs),
          }),
        };
  // Behind a port for bytes is what we do not know: there nothing is chosen by ALPN.
  const alpn = listener.kind === "http" ? ["h2", "http/1.1"] : [];
  const chain = { filters: [filter], tls: tls && toListenerTls(tls, alpn), transportConnectTimeoutMs: tls?.handshakeTimeoutMs };
  return { name, address, filterChains: [present(chain)] };
}

function toHttp(listener: HttpListenerConfig): JsonObject {
  const { name, hosts, requestHeadersTimeoutMs, idleTimeoutMs = 0, streamIdleTimeoutMs, accessLogs } = listener;
  const filters = toFilters(listener);
  return present({
    statPrefix: name,
    routes: { inline: { name, virtualHosts: hosts.map((host, index) => toVirtualHost(host, index, listener.filters?.length)) } },
    requestHeadersTimeoutMs,
    // Nothing said there would be the engine's own hour, 0 is what the proxy's limits say.
    idleTimeoutMs,
    streamIdleTimeoutMs,
    httpFilters: filters.length === 0 ? undefined : filters,
    accessLog: accessLogs && toAccessLogs(accessLogs),
  });
}

function toVirtualHost({ domains = ["*"], routes }: HostConfig, index: number, filters = 0): JsonObject {
  return { name: domains[0] ?? String(index), domains, routes: routes.map((route) => toRoute(route, filters)) };
}

function toRoute(route: RouteConfig, listenerFilters: number): JsonObject {
  const { name = "", match = {}, action, requestHeaders, responseHeaders } = route;
  const filterOverrides = toFilterOverrides(route, listenerFilters);
  return present({
    name,
    match: toMatch(match),
    action: toAction(action),
    headers: present({ request: requestHeaders && toHeaderOps(requestHeaders), response: responseHeaders && toHeaderOps(responseHeaders) }),
    filterOverrides: Object.keys(filterOverrides).length === 0 ? undefined : filterOverrides,
  });
}

function toMatch({ path, method, headers = {}, query = {} }: RouteMatch): JsonObject {
  const methodTest = method === undefined ? [] : [toTest([":method", { exact: method }])];
  return present({
    path: path && { ...path },
    headers: [...methodTest, ...Object.entries(headers).map(toTest)],
    query: Object.entries(query).map(toTest),
  });
}

function toTest([name, test]: readonly [string, StringMatch | true]): JsonObject {
  return { name, value: test === true ? { present: true } : { string: { ...test } } };
}

function toAction(action: RouteAction): JsonObject {
  if (action.kind === "forward") return { forward: toForward(action) };
  if (action.kind === "respond") return { directResponse: present({ status: action.status, body: action.body }) };
  const { scheme, host, port, path, status } = action;
  return { redirect: present({ scheme, host, port, path: path === undefined ? undefined : { full: path }, status }) };
}

function toForward({ to, timeoutMs, rewritePrefix, rewriteHost, retry, mirrorTo = [], hashOn }: ForwardAction): JsonObject {
  return present({
    ...toTarget(to),
    timeoutMs,
    pathRewrite: rewritePrefix === undefined ? undefined : { prefix: rewritePrefix },
    hostRewrite: rewriteHost === undefined ? undefined : { literal: rewriteHost },
    retry: retry && present({ retryOn: retry.on.join(","), numRetries: retry.attempts, perTryTimeoutMs: retry.perTryTimeoutMs }),
    mirrors: mirrorTo.map((cluster) => ({ cluster })),
    hashPolicy: hashOn && toHashPolicy(hashOn),
  });
}

function toTarget(to: string | readonly WeightedCluster[]): JsonObject {
  if (typeof to === "string") return { cluster: to };
  return { weightedClusters: { clusters: to.map(({ cluster, weight }) => ({ name: cluster, weight })) } };
}

function toHeaderOps({ set = {}, add = {}, remove = [] }: HeaderChanges): JsonObject {
  return {
    set: [...toHeaderSets(set, "overwriteIfExistsOrAdd"), ...toHeaderSets(add, "appendIfExistsOrAdd")],
    remove,
  };
}

function toHeaderSets(headers: Readonly<Record<string, string>>, action: string): readonly JsonObject[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value: literal(value), action }));
}

/** A percent sign begins one of Envoy's operators; here values are what they are. */
function literal(value: string): string {
  return value.replaceAll("%", "%%");
}

function toCluster(cluster: ClusterConfig): JsonObject {
  const { name, loadBalancer = "roundRobin", connectTimeoutMs, limits, outlierDetection, healthCheck, tls, protocol } = cluster;
  const endpoints = cluster.endpoints.map((endpoint) => (typeof endpoint === "string" ? { address: endpoint } : { ...endpoint }));
  const isNamed = endpoints.some(({ address }) => isIP(splitAddress(address).host) === 0);
  return present({
    name,
    kind: isNamed ? { strictDns: {} } : "static",
    endpoints: [{ endpoints }],
    lbPolicy: loadBalancer === "random" ? "random" : { [loadBalancer]: {} },
    connectTimeoutMs,
    circuitBreakers: limits && { default: { ...limits } },
    outlierDetection: outlierDetection && toOutlierDetection(outlierDetection),
    healthCheck: healthCheck && toHealthCheck(healthCheck),
    transport: tls && { tls: toClusterTls(tls) },
    http: protocol && { protocol },
  });
}

function toOutlierDetection(detection: OutlierDetectionConfig): JsonObject {
  const { successRate, failurePercentage } = detection;
  const deviations = successRate?.deviations;
  return present({
    consecutive5xx: detection.consecutiveFailures,
    intervalMs: detection.intervalMs,
    baseEjectionTimeMs: detection.ejectionTimeMs,
    maxEjectionPercent: detection.maxEjectedPercent,
    // Only what is asked for: Envoy's default is to compare success rates.
    enforcingSuccessRate: successRate === undefined ? 0 : 100,
    successRateStdevFactor: deviations === undefined ? undefined : Math.round(deviations * 1000),
    successRateMinimumHosts: successRate?.minimumEndpoints,
    successRateRequestVolume: successRate?.minimumRequests,
    enforcingFailurePercentage: failurePercentage === undefined ? 0 : 100,
    failurePercentageThreshold: failurePercentage?.percent,
    failurePercentageMinimumHosts: failurePercentage?.minimumEndpoints,
    failurePercentageRequestVolume: failurePercentage?.minimumRequests,
  });
}

/** Where the configuration does not say it. */
const DEFAULT_HEALTH_CHECK_INTERVAL_MS = 10_000;

function toHealthCheck(check: HealthCheckConfig): JsonObject {
  const { intervalMs = DEFAULT_HEALTH_CHECK_INTERVAL_MS, timeoutMs, unhealthyThreshold, healthyThreshold, jitterMs, port } = check;
  return present({
    kind: toHealthCheckKind(check),
    intervalMs,
    // Envoy asks once a minute as long as there is no traffic; whoever says how often means always.
    noTrafficIntervalMs: intervalMs,
    timeoutMs,
    unhealthyThreshold,
    healthyThreshold,
    intervalJitterMs: jitterMs,
    altPort: port,
  });
}

function toHealthCheckKind(check: HealthCheckConfig): JsonObject {
  switch (check.kind) {
    case "http":
      return { http: toHttpHealthCheck(check) };
    case "tcp":
      return {
        tcp: present({ send: check.send === undefined ? undefined : toPayload(check.send), receive: check.receive?.map(toPayload) }),
      };
    case "grpc":
      return { grpc: present({ serviceName: check.service, authority: check.host }) };
  }
}

function toHttpHealthCheck(check: HttpHealthCheckConfig): JsonObject {
  const { host, path, method, headers = {}, expectedStatuses, retriableStatuses, contains, http2 } = check;
  return present({
    host,
    path,
    method,
    headers: toHeaderSets(headers, "overwriteIfExistsOrAdd"),
    expectedStatuses: expectedStatuses?.map(toStatusRange),
    retriableStatuses: retriableStatuses?.map(toStatusRange),
    receive: contains?.map(toPayload),
    http2,
  });
}

function toStatusRange(statuses: number | StatusRangeConfig): JsonObject {
  const { from, to } = typeof statuses === "number" ? { from: statuses, to: statuses } : statuses;
  return { start: from, end: to + 1 };
}

function toPayload(bytes: string | Uint8Array): JsonObject {
  return typeof bytes === "string" ? { text: bytes } : { hex: Buffer.from(bytes).toString("hex") };
}

function toListenerTls({ certificate, clientRootsPem }: ListenerTlsConfig, alpn: readonly string[]): JsonObject {
  return {
    requireClientCertificate: clientRootsPem !== undefined,
    context: present({
      certificates: [toCertificate(certificate)],
      validation: clientRootsPem === undefined ? undefined : { trust: { inline: clientRootsPem } },
      alpn,
    }),
  };
}

function toClusterTls({ serverName, rootsPem, certificate }: ClusterTlsConfig): JsonObject {
  return {
    sni: serverName,
    context: {
      certificates: certificate === undefined ? [] : [toCertificate(certificate)],
      validation: { trust: rootsPem === undefined ? "system" : { inline: rootsPem }, subjectAltNames: [{ exact: serverName }] },
    },
  };
}

function toCertificate({ chainPem, privateKeyPem }: CertificateConfig): JsonObject {
  return { inline: { chain: chainPem, key: privateKeyPem instanceof Secret ? privateKeyPem.reveal() : privateKeyPem } };
}

/** Leaves out what is undefined. */
function present(object: { readonly [key: string]: JsonValue | undefined }): JsonObject {
  const fields: { [key: string]: JsonValue } = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined) fields[key] = value;
  }
  return fields;
}
