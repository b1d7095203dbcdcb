/** Name of a cluster of a service as clients know it. */
export function outboundClusterName(host: string, port: number, subset = ""): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** The server name that mesh clients send, which Istio's gateways between networks route by. */
export function outboundServerName(host: string, port: number, subset = ""): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}

/** Name of the cluster, and of the route configuration, of a port of the proxy's own workload. */
export function inboundClusterName(port: number): string {
  return `inbound|${port}||`;
}

export const PASSTHROUGH_CLUSTER = "PassthroughCluster";
export const BLACKHOLE_CLUSTER = "BlackHoleCluster";
export const INBOUND_PASSTHROUGH_CLUSTER = "InboundPassthroughCluster";
/** Listener, route configuration: requests that come as to an HTTP proxy. */
export const HTTP_PROXY = "http_proxy";
/** Internal listener and its cluster: what is inside a CONNECT tunnel. */
export const HTTP_PROXY_TUNNEL = "http_proxy_tunnel";

/** Port of the listener that outbound connections are redirected to. */
export const VIRTUAL_OUTBOUND_PORT = 15_001;
/** Port of the listener that inbound connections are redirected to. */
export const VIRTUAL_INBOUND_PORT = 15_006;

/** `host:port`, an IPv6 address in brackets. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
