import type { JsonObject } from "@bufbuild/protobuf";

/** How paths are made comparable: `meshConfig.pathNormalization.normalization` of Istio. */
export const NORMALIZATIONS = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

export interface Lane {
  /** Where the proxy listens. */
  readonly port: number;
  readonly upstreamPort: number;
  readonly normalization: Normalization;
}

/** What Istio writes into a connection manager for each of them (`MeshConfig.ProxyPathNormalization`). */
const OPTIONS: Readonly<Record<Normalization, JsonObject>> = {
  NONE: { normalize_path: false },
  BASE: { normalize_path: true, path_with_escaped_slashes_action: "KEEP_UNCHANGED" },
  MERGE_SLASHES: { normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: "KEEP_UNCHANGED" },
  DECODE_AND_MERGE_SLASHES: { normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: "UNESCAPE_AND_FORWARD" },
};

/** A listener as Istio makes them for HTTP, from which everything goes to one cluster; HTTP/1.0 is on so that its rules can be seen. */
export function toListener({ port, normalization }: Lane): JsonObject {
  return {
    name: `listener ${port}`,
    address: address(port),
    filter_chains: [
      { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: toManager(port, OPTIONS[normalization]) }] },
    ],
  };
}

export function toCluster({ port, upstreamPort }: Lane): JsonObject {
  const name = `cluster ${port}`;
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: address(upstreamPort) } }] }];
  return { name, type: "STATIC", connect_timeout: "5s", load_assignment: { cluster_name: name, endpoints } };
}

function toManager(port: number, path: JsonObject): JsonObject {
  const route = { match: { prefix: "/" }, route: { cluster: `cluster ${port}`, timeout: "0s" } };
  return {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "http",
    route_config: { name: "all", virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
    http_protocol_options: { accept_http_10: true },
    upgrade_configs: [{ upgrade_type: "websocket" }],
    ...path,
  };
}

function address(port: number): JsonObject {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}
