import { createRegistry, type JsonObject, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf";
import { ClusterSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import { ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import { RouteConfigurationSchema } from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import { ExtAuthzSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb";
import { HTTPFaultSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/fault/v3/fault_pb";
import { JwtAuthenticationSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb";
import { RBACSchema as HttpRbacSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb";
import { RouterSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/router/v3/router_pb";
import { HttpInspectorSchema } from "@fairlead/api/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb";
import { OriginalDstSchema } from "@fairlead/api/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb";
import { TlsInspectorSchema } from "@fairlead/api/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb";
import { HttpConnectionManagerSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import { RBACSchema as NetworkRbacSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/rbac/v3/rbac_pb";
import { TcpProxySchema } from "@fairlead/api/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb";
import { PreviousHostsPredicateSchema } from "@fairlead/api/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb";
import { RawBufferSchema } from "@fairlead/api/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb";
import { DownstreamTlsContextSchema, UpstreamTlsContextSchema } from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb";
import { HttpProtocolOptionsSchema } from "@fairlead/api/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb";
import { NameTableSchema } from "@fairlead/api/gen/istio/networking/nds/v1/nds_pb";
import type { XdsMessage } from "./xds-snapshot.ts";

/** Everything that stands inside an `Any` of a resource of ours. */
const EXTENSIONS: Registry = createRegistry(
  DownstreamTlsContextSchema,
  ExtAuthzSchema,
  HTTPFaultSchema,
  HttpConnectionManagerSchema,
  HttpInspectorSchema,
  HttpProtocolOptionsSchema,
  HttpRbacSchema,
  JwtAuthenticationSchema,
  NetworkRbacSchema,
  OriginalDstSchema,
  PreviousHostsPredicateSchema,
  RawBufferSchema,
  RouterSchema,
  TcpProxySchema,
  TlsInspectorSchema,
  UpstreamTlsContextSchema,
);

/** A resource as JSON with the names of the protobuf fields, as Envoy's documentation and configuration files have them. */
export function toReadable(message: XdsMessage): JsonObject {
  const options = { registry: EXTENSIONS, useProtoFieldName: true };
  switch (message.$typeName) {
    case "envoy.config.cluster.v3.Cluster":
      return asObject(toJson(ClusterSchema, message, options));
    case "envoy.config.endpoint.v3.ClusterLoadAssignment":
      return asObject(toJson(ClusterLoadAssignmentSchema, message, options));
    case "envoy.config.listener.v3.Listener":
      return asObject(toJson(ListenerSchema, message, options));
    case "envoy.config.route.v3.RouteConfiguration":
      return asObject(toJson(RouteConfigurationSchema, message, options));
    case "istio.networking.nds.v1.NameTable":
      return asObject(toJson(NameTableSchema, message, options));
  }
}

function asObject(value: JsonValue): JsonObject {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError("unreachable: a message of this kind is a JSON object");
  return value;
}
