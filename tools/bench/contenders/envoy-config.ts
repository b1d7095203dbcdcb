import type { TestCertificates } from "../certificates.ts";
import { type Address, BACKEND_NAME } from "./contender.ts";

/** What one listener does: it has a cluster of its own. */
export interface Way {
  readonly kind: "http" | "grpc" | "tcp";
  readonly listen: Address;
  readonly upstream: Address;
  readonly downstreamTls?: object;
  readonly upstreamTls?: object;
}

/** A bootstrap of one listener and one cluster for each of `ways`. */
export function toBootstrap(ways: readonly Way[]): object {
  return { static_resources: { listeners: ways.map(listener), clusters: ways.map(cluster) } };
}

function listener({ kind, listen, downstreamTls: tls }: Way): object {
  const filter = kind === "tcp" ? tcpProxy() : connectionManager(kind, kind);
  return {
    name: kind,
    address: socketAddress(listen),
    filter_chains: [{ filters: [filter], ...(tls === undefined ? {} : { transport_socket: tls }) }],
  };
}

function cluster({ kind, upstream, upstreamTls: tls }: Way): object {
  return {
    ...staticCluster(kind, [upstream]),
    ...(tls === undefined ? {} : { transport_socket: tls }),
    ...(kind === "grpc" ? { typed_extension_protocol_options: { [PROTOCOL_OPTIONS]: onlyHttp2() } } : {}),
  };
}

/** A cluster whose endpoints stand in the bootstrap. */
export function staticCluster(name: string, endpoints: readonly Address[]): object {
  const addresses = endpoints.map((each) => ({ endpoint: { address: socketAddress(each) } }));
  return {
    name,
    connect_timeout: "5s",
    type: "STATIC",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: addresses }] },
  };
}

const PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

function onlyHttp2(): object {
  return { "@type": `type.googleapis.com/${PROTOCOL_OPTIONS}`, explicit_http_config: { http2_protocol_options: {} } };
}

/** Where routes come from: all requests to a cluster, or a file that is read again whenever something is renamed in its folder. */
export type RouteSource = string | { readonly file: string; readonly directory: string };

export function connectionManager(name: string, routes: RouteSource): object {
  const routeConfiguration =
    typeof routes === "string"
      ? {
          route_config: {
            virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: routes } }] }],
          },
        }
      : {
          rds: {
            route_config_name: ROUTES,
            config_source: { path_config_source: { path: routes.file, watched_directory: { path: routes.directory } } },
          },
        };
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      stat_prefix: name,
      ...routeConfiguration,
      http_filters: [
        {
          name: "envoy.filters.http.router",
          typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
        },
      ],
    },
  };
}

const ROUTES = "routes";

export interface RoutesToBoth {
  readonly prefixes: readonly string[];
  readonly clusters: readonly [string, string];
  /** Share of the first cluster. */
  readonly percent: number;
}

/** What stands in a file of routes: requests of each prefix to both clusters. */
export function routesToBoth({ prefixes, clusters, percent }: RoutesToBoth): object {
  const weights = [percent, 100 - percent];
  const weighted = { clusters: clusters.map((name, index) => ({ name, weight: weights[index] })) };
  const routes = prefixes.map((prefix) => ({ match: { prefix }, route: { weighted_clusters: weighted } }));
  return {
    resources: [
      {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        name: ROUTES,
        virtual_hosts: [{ name: "all", domains: ["*"], routes }],
      },
    ],
  };
}

function tcpProxy(): object {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
      stat_prefix: "tcp",
      cluster: "tcp",
    },
  };
}

export function downstreamTls(certificates: TestCertificates): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      require_client_certificate: true,
      common_tls_context: commonTls(certificates, "server", "client"),
    },
  };
}

export function upstreamTls(certificates: TestCertificates): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: BACKEND_NAME,
      common_tls_context: commonTls(certificates, "client", "server"),
    },
  };
}

function commonTls(certificates: TestCertificates, own: "client" | "server", peer: "client" | "server"): object {
  return {
    tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
    tls_certificates: [
      { certificate_chain: { filename: certificates[own].certificateFile }, private_key: { filename: certificates[own].keyFile } },
    ],
    validation_context: {
      trusted_ca: { filename: certificates.rootFile },
      match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: certificates[peer].spiffeId } }],
    },
  };
}

export function socketAddress({ host, port }: Address): object {
  return { socket_address: { address: host, port_value: port } };
}
