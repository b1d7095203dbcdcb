import { isIP } from "node:net";
import { Secret, splitAddress } from "@fairlead/kit";
import type { JsonValue } from "./bootstrap.ts";
import type {
  CertificateConfig,
  ClusterConfig,
  ClusterTlsConfig,
  ForwardAction,
  HeaderChanges,
  HostConfig,
  HttpListenerConfig,
  ListenerConfig,
  ListenerTlsConfig,
  ProxyConfig,
  RouteAction,
  RouteConfig,
  RouteMatch,
  StringMatch,
  WeightedCluster,
} from "./config.ts";

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
      : { tcpProxy: present({ statPrefix: name, ...toTarget(listener.to), idleTimeoutMs: listener.idleTimeoutMs }) };
  // Behind a port for bytes is what we do not know: there nothing is chosen by ALPN.
  const alpn = listener.kind === "http" ? ["h2", "http/1.1"] : [];
  const chain = { filters: [filter], tls: tls && toListenerTls(tls, alpn), transportConnectTimeoutMs: tls?.handshakeTimeoutMs };
  return { name, address, filterChains: [present(chain)] };
}

function toHttp({ name, hosts, requestHeadersTimeoutMs, idleTimeoutMs = 0, streamIdleTimeoutMs }: HttpListenerConfig): JsonObject {
  return present({
    statPrefix: name,
    routes: { inline: { name, virtualHosts: hosts.map(toVirtualHost) } },
    requestHeadersTimeoutMs,
    // Nothing said there would be the engine's own hour, 0 is what the proxy's limits say.
    idleTimeoutMs,
    streamIdleTimeoutMs,
  });
}

function toVirtualHost({ domains = ["*"], routes }: HostConfig, index: number): JsonObject {
  return { name: domains[0] ?? String(index), domains, routes: routes.map(toRoute) };
}

function toRoute({ name = "", match = {}, action, requestHeaders, responseHeaders }: RouteConfig): JsonObject {
  return {
    name,
    match: toMatch(match),
    action: toAction(action),
    headers: present({ request: requestHeaders && toHeaderOps(requestHeaders), response: responseHeaders && toHeaderOps(responseHeaders) }),
  };
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

function toForward({ to, timeoutMs, rewritePrefix, rewriteHost, retry, mirrorTo = [] }: ForwardAction): JsonObject {
  return present({
    ...toTarget(to),
    timeoutMs,
    pathRewrite: rewritePrefix === undefined ? undefined : { prefix: rewritePrefix },
    hostRewrite: rewriteHost === undefined ? undefined : { literal: rewriteHost },
    retry: retry && present({ retryOn: retry.on.join(","), numRetries: retry.attempts, perTryTimeoutMs: retry.perTryTimeoutMs }),
    mirrors: mirrorTo.map((cluster) => ({ cluster })),
  });
}

function toTarget(to: string | readonly WeightedCluster[]): JsonObject {
  if (typeof to === "string") return { cluster: to };
  return { weightedClusters: { clusters: to.map(({ cluster, weight }) => ({ name: cluster, weight })) } };
}

function toHeaderOps({ set = {}, add = {}, remove = [] }: HeaderChanges): JsonObject {
  return {
    set: [
      ...Object.entries(set).map(([name, value]) => ({ name, value: literal(value), action: "overwriteIfExistsOrAdd" })),
      ...Object.entries(add).map(([name, value]) => ({ name, value: literal(value), action: "appendIfExistsOrAdd" })),
    ],
    remove,
  };
}

/** A percent sign begins one of Envoy's operators; here values are what they are. */
function literal(value: string): string {
  return value.replaceAll("%", "%%");
}

function toCluster(cluster: ClusterConfig): JsonObject {
  const { name, loadBalancer = "roundRobin", connectTimeoutMs, limits, outlierDetection, tls, protocol } = cluster;
  const endpoints = cluster.endpoints.map((endpoint) => (typeof endpoint === "string" ? { address: endpoint } : { ...endpoint }));
  const isNamed = endpoints.some(({ address }) => isIP(splitAddress(address).host) === 0);
  return present({
    name,
    kind: isNamed ? { strictDns: {} } : "static",
    endpoints: [{ endpoints }],
    lbPolicy: loadBalancer === "random" ? "random" : { [loadBalancer]: {} },
    connectTimeoutMs,
    circuitBreakers: limits && { default: { ...limits } },
    outlierDetection:
      outlierDetection &&
      present({
        consecutive5xx: outlierDetection.consecutiveFailures,
        intervalMs: outlierDetection.intervalMs,
        baseEjectionTimeMs: outlierDetection.ejectionTimeMs,
        maxEjectionPercent: outlierDetection.maxEjectedPercent,
      }),
    transport: tls && { tls: toClusterTls(tls) },
    http: protocol && { protocol },
  });
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
  return Object.fromEntries(Object.entries(object).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}
