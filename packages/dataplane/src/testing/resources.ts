import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt";
import { Cluster_DiscoveryType, ClusterSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import { ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import { RouteConfigurationSchema } from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import { HttpConnectionManagerSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";

/** Encoded resources as a server would send them, reduced to names and references. */

export function edsCluster(name: string, serviceName = ""): Uint8Array {
  return toBinary(
    ClusterSchema,
    create(ClusterSchema, {
      name,
      clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
      edsClusterConfig: { serviceName },
    }),
  );
}

export function staticCluster(name: string): Uint8Array {
  return toBinary(
    ClusterSchema,
    create(ClusterSchema, { name, clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC } }),
  );
}

export function endpoints(clusterName: string): Uint8Array {
  return toBinary(ClusterLoadAssignmentSchema, create(ClusterLoadAssignmentSchema, { clusterName }));
}

export function listener(name: string, routes: readonly string[]): Uint8Array {
  const filterChains = routes.map((routeConfigName) => ({
    filters: [
      {
        name: "http",
        configType: {
          case: "typedConfig" as const,
          value: anyPack(
            HttpConnectionManagerSchema,
            create(HttpConnectionManagerSchema, { routeSpecifier: { case: "rds", value: { routeConfigName } } }),
          ),
        },
      },
    ],
  }));
  return toBinary(ListenerSchema, create(ListenerSchema, { name, filterChains }));
}

export function routeConfiguration(name: string): Uint8Array {
  return toBinary(RouteConfigurationSchema, create(RouteConfigurationSchema, { name }));
}

/** Resource of a delta response. */
export function resource(typeUrl: string, name: string, version: string, value: Uint8Array) {
  return { name, version, resource: create(AnySchema, { typeUrl, value }) };
}

/** Resource of a state-of-the-world response. */
export function any(typeUrl: string, value: Uint8Array) {
  return create(AnySchema, { typeUrl, value });
}
