import { isIP } from "node:net";
import { formatSpiffeId, splitAddress } from "@fairlead/kit";
import { PILOT } from "@fairlead/identity";
import { type JsonValue, toNodeIdentity } from "../bootstrap.ts";
import { OWN_CERTIFICATE, TRUSTED_ROOTS } from "../secret-resources.ts";
import type { Settings } from "../settings.ts";

/** Cluster of our secret server; Pilot's resources refer to it by this name, as Istio's do. */
const SDS_CLUSTER = "sds-grpc";
const XDS_CLUSTER = "xds-grpc";
const MAX_DOWNSTREAM_CONNECTIONS = 50_000;

type JsonObject = { readonly [key: string]: JsonValue };

/** What a stock Envoy starts from to stand in this workload's place (envoy.config.bootstrap.v3.Bootstrap, as JSON). */
export function toEnvoyBootstrap(settings: Settings, sdsSocketPath: string): JsonObject {
  const { id, cluster, metadata, locality } = toNodeIdentity(settings);
  const place = locality === undefined ? {} : { locality: { region: locality.region, zone: locality.zone, sub_zone: locality.subzone } };
  return {
    node: { id, cluster, metadata, ...place },
    admin: { address: toAddress(settings.adminAddress) },
    dynamic_resources: {
      cds_config: { ads: {}, resource_api_version: "V3" },
      lds_config: { ads: {}, resource_api_version: "V3" },
      ads_config: toApiConfigSource(settings.xds === "delta" ? "DELTA_GRPC" : "GRPC", XDS_CLUSTER),
    },
    static_resources: { clusters: [toXdsCluster(settings), toSdsCluster(sdsSocketPath)] },
    // The CONNECT tunnel of the HTTP proxy listener is an internal listener.
    bootstrap_extensions: [
      {
        name: "envoy.bootstrap.internal_listener",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener" },
      },
    ],
    // Without a bound Envoy accepts connections until it is out of descriptors.
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: {
            "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            max_active_downstream_connections: MAX_DOWNSTREAM_CONNECTIONS,
          },
        },
      ],
    },
  };
}

function toXdsCluster(settings: Settings): JsonObject {
  const { host } = splitAddress(settings.pilot.address);
  return {
    name: XDS_CLUSTER,
    type: isIP(host) === 0 ? "STRICT_DNS" : "STATIC",
    connect_timeout: "1s",
    load_assignment: toLoadAssignment(XDS_CLUSTER, toAddress(settings.pilot.address)),
    ...HTTP2,
    // Finds out that Pilot's machine is gone although nothing closed the connection.
    upstream_connection_options: { tcp_keepalive: { keepalive_time: 30, keepalive_interval: 5, keepalive_probes: 3 } },
    ...(settings.pilot.insecure ? {} : { transport_socket: toPilotTransport(settings.trustDomain) }),
  };
}

function toPilotTransport(trustDomain: string): JsonObject {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      common_tls_context: {
        alpn_protocols: ["h2"],
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        tls_certificate_sds_secret_configs: [toSdsConfig(OWN_CERTIFICATE)],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: formatSpiffeId({ trustDomain, ...PILOT }) } }],
          },
          validation_context_sds_secret_config: toSdsConfig(TRUSTED_ROOTS),
        },
      },
    },
  };
}

function toSdsConfig(name: string): JsonObject {
  return { name, sds_config: { api_config_source: toApiConfigSource("GRPC", SDS_CLUSTER), resource_api_version: "V3" } };
}

function toSdsCluster(socketPath: string): JsonObject {
  return {
    name: SDS_CLUSTER,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: toLoadAssignment(SDS_CLUSTER, { pipe: { path: socketPath } }),
    ...HTTP2,
  };
}

const HTTP2: JsonObject = {
  typed_extension_protocol_options: {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

function toApiConfigSource(apiType: "GRPC" | "DELTA_GRPC", cluster: string): JsonObject {
  return {
    api_type: apiType,
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [{ envoy_grpc: { cluster_name: cluster } }],
  };
}

function toLoadAssignment(cluster: string, address: JsonObject): JsonObject {
  return { cluster_name: cluster, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] };
}

function toAddress(address: string): JsonObject {
  const { host, port } = splitAddress(address);
  return { socket_address: { address: host, port_value: port } };
}
