import { isIP } from "node:net";
import { create, type DescMessage, fromBinary, fromJson, type JsonObject, type Message, type Registry } from "@bufbuild/protobuf";
import { anyPack, anyUnpack, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { BootstrapConfigDumpSchema, SecretsConfigDumpSchema } from "@fairlead/api/gen/envoy/admin/v3/config_dump_pb";
import {
  ClustersConfigDumpSchema,
  EndpointsConfigDumpSchema,
  ListenersConfigDumpSchema,
  RoutesConfigDumpSchema,
  ScopedRoutesConfigDumpSchema,
} from "@fairlead/api/gen/envoy/admin/v3/config_dump_shared_pb";
import { BootstrapSchema } from "@fairlead/api/gen/envoy/config/bootstrap/v3/bootstrap_pb";
import { type Cluster, ClusterSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import { ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import { type RouteConfiguration, RouteConfigurationSchema } from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import { HttpConnectionManagerSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import { NameTableSchema } from "@fairlead/api/gen/istio/networking/nds/v1/nds_pb";
import { splitAddress } from "@fairlead/kit";
import type { XdsResources } from "../../ads/client.ts";
import type { RefusedResource, StoredResource } from "../../ads/resource-store.ts";
import { CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, ROUTE, SECRET } from "../../ads/type-urls.ts";
import { toNodeIdentity } from "../../bootstrap.ts";
import { toShownSecrets } from "../../secret-resources.ts";
import type { AdminPorts } from "../ports.ts";
import { readEngineDump } from "./engine-dump.ts";
import { toPrintable } from "./printable.ts";

/** One message of `/config_dump`. */
export interface Dump {
  readonly schema: DescMessage;
  readonly message: Message;
}

export interface DumpOptions {
  readonly types: Registry;
  /** Of resources by name. */
  readonly isWanted: (name: string) => boolean;
  readonly includeEndpoints: boolean;
  readonly includeNames: boolean;
}

/** What the proxy has from its xDS server, kind by kind, in the order of Envoy's dump. */
export async function buildDumps(ports: AdminPorts, options: DumpOptions): Promise<readonly Dump[]> {
  const listeners = await buildListeners(ports, options);
  return [
    buildBootstrap(ports),
    buildClusters(ports, options),
    ...(options.includeEndpoints ? [buildEndpoints(ports, options)] : []),
    listeners,
    toDump(ScopedRoutesConfigDumpSchema, create(ScopedRoutesConfigDumpSchema)),
    buildRoutes(ports, options),
    buildSecrets(ports, options),
    ...(options.includeNames ? buildNames(ports) : []),
  ];
}

/** Nothing that Envoy has: readers of its dumps that do not ask for it need not know the type. */
function buildNames(ports: AdminPorts): readonly Dump[] {
  return ports
    .xdsResources(NAME_TABLE)
    .accepted.map(({ bytes }) => ({ schema: NameTableSchema, message: fromBinary(NameTableSchema, bytes) }));
}

/** Not what the process was started with, which no Envoy has, but what an Envoy in its place would have been. */
function buildBootstrap({ settings, startedMs }: AdminPorts): Dump {
  const { id, cluster, metadata, userAgentName, userAgentVersion } = toNodeIdentity(settings);
  const node = {
    id,
    cluster,
    metadata: JSON.parse(JSON.stringify(metadata)),
    user_agent_name: userAgentName,
    user_agent_version: userAgentVersion,
  };
  const ads = { ads: {}, resource_api_version: "V3" };
  const bootstrap = fromJson(BootstrapSchema, {
    node,
    admin: { address: addressOf(settings.adminAddress) },
    static_resources: { clusters: [toXdsCluster(settings.pilot.address)] },
    dynamic_resources: {
      cds_config: ads,
      lds_config: ads,
      ads_config: {
        api_type: settings.xds === "delta" ? "DELTA_GRPC" : "GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER } }],
      },
    },
  });
  return toDump(BootstrapConfigDumpSchema, create(BootstrapConfigDumpSchema, { bootstrap, lastUpdated: timestampFromMs(startedMs) }));
}

/** What Istio's bootstraps call the xDS server. */
const XDS_CLUSTER = "xds-grpc";

function toXdsCluster(server: string): JsonObject {
  return {
    name: XDS_CLUSTER,
    type: isIP(splitAddress(server).host) === 0 ? "STRICT_DNS" : "STATIC",
    load_assignment: { cluster_name: XDS_CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint: { address: addressOf(server) } }] }] },
  };
}

function addressOf(address: string): JsonObject {
  const { host, port } = splitAddress(address);
  return { socket_address: { address: host, port_value: port } };
}

function buildClusters(ports: AdminPorts, { types, isWanted }: DumpOptions): Dump {
  const { version, accepted, refused } = select(ports.xdsResources(CLUSTER), isWanted);
  const failures = failuresByName(refused);
  const dynamicActiveClusters = accepted.map((resource) => ({
    ...base(resource),
    cluster: toPrintable(CLUSTER, resource.bytes, types),
    ...failures.get(resource.name),
  }));
  return toDump(ClustersConfigDumpSchema, create(ClustersConfigDumpSchema, { versionInfo: version, dynamicActiveClusters }));
}

function buildEndpoints(ports: AdminPorts, { types, isWanted }: DumpOptions): Dump {
  const { accepted } = select(ports.xdsResources(ENDPOINT), isWanted);
  const assigned = accepted.map((resource) => ({ ...base(resource), endpointConfig: toPrintable(ENDPOINT, resource.bytes, types) }));
  const brought = select(ports.xdsResources(CLUSTER), isWanted).accepted.flatMap((resource) => {
    const { loadAssignment } = readCluster(resource);
    const endpointConfig = loadAssignment && anyPack(ClusterLoadAssignmentSchema, { ...loadAssignment, clusterName: resource.name });
    return endpointConfig === undefined ? [] : [{ ...base(resource), endpointConfig }];
  });
  return toDump(EndpointsConfigDumpSchema, create(EndpointsConfigDumpSchema, { dynamicEndpointConfigs: [...assigned, ...brought] }));
}

async function buildListeners(ports: AdminPorts, { types, isWanted }: DumpOptions): Promise<Dump> {
  const { version, accepted, refused } = select(ports.xdsResources(LISTENER), isWanted);
  const { listeners } = await readEngineDump(ports.engine);
  const warming = new Set(listeners.filter(({ state }) => state === "warming").map(({ name }) => name));
  const failures = failuresByName(refused);
  const taken = accepted.map((resource) => {
    const state = { ...base(resource), listener: toPrintable(LISTENER, resource.bytes, types) };
    const place = warming.has(resource.name) ? { warmingState: state } : { activeState: state };
    return { name: resource.name, ...place, ...failures.get(resource.name) };
  });
  const others = neverTaken(accepted, refused).map(({ name }) => ({ name, ...failures.get(name) }));
  return toDump(
    ListenersConfigDumpSchema,
    create(ListenersConfigDumpSchema, { versionInfo: version, dynamicListeners: [...taken, ...others] }),
  );
}

function buildRoutes(ports: AdminPorts, { types, isWanted }: DumpOptions): Dump {
  const { accepted, refused } = select(ports.xdsResources(ROUTE), isWanted);
  const failures = failuresByName(refused);
  const dynamicRouteConfigs = accepted.map((resource) => ({
    ...base(resource),
    routeConfig: toPrintable(ROUTE, resource.bytes, types),
    ...failures.get(resource.name),
  }));
  const staticRouteConfigs = ports.xdsResources(LISTENER).accepted.flatMap((resource) =>
    routesBroughtBy(resource)
      .filter(({ name }) => isWanted(name))
      .map((routes) => ({ lastUpdated: base(resource).lastUpdated, routeConfig: anyPack(RouteConfigurationSchema, routes) })),
  );
  // Printed once more, for what its filters carry.
  const printed = staticRouteConfigs.map(({ routeConfig, ...rest }) => ({
    ...rest,
    routeConfig: toPrintable(ROUTE, routeConfig.value, types),
  }));
  return toDump(RoutesConfigDumpSchema, create(RoutesConfigDumpSchema, { staticRouteConfigs: printed, dynamicRouteConfigs }));
}

function buildSecrets(ports: AdminPorts, { types, isWanted }: DumpOptions): Dump {
  const certificate = ports.certificate();
  const own =
    certificate === undefined ? [] : toShownSecrets(certificate).map((secret) => ({ ...secret, updatedMs: certificate.notBeforeMs }));
  const sent = ports.xdsResources(SECRET).accepted;
  const dynamicActiveSecrets = [...own, ...sent]
    .filter(({ name }) => isWanted(name))
    .map((resource) => ({ name: resource.name, ...base(resource), secret: toPrintable(SECRET, resource.bytes, types) }));
  return toDump(SecretsConfigDumpSchema, create(SecretsConfigDumpSchema, { dynamicActiveSecrets }));
}

/** A cluster that the engine has taken. */
export function readCluster(resource: StoredResource): Cluster {
  return fromBinary(ClusterSchema, resource.bytes);
}

function routesBroughtBy(resource: StoredResource): readonly RouteConfiguration[] {
  const listener = fromBinary(ListenerSchema, resource.bytes);
  const chains =
    listener.defaultFilterChain === undefined ? listener.filterChains : [...listener.filterChains, listener.defaultFilterChain];
  return chains.flatMap(({ filters }) =>
    filters.flatMap(({ configType }) => {
      const manager = configType.case === "typedConfig" ? anyUnpack(configType.value, HttpConnectionManagerSchema) : undefined;
      return manager?.routeSpecifier.case === "routeConfig" ? [manager.routeSpecifier.value] : [];
    }),
  );
}

function toDump(schema: DescMessage, message: Message): Dump {
  return { schema, message };
}

function base({ version, updatedMs }: Pick<StoredResource, "version" | "updatedMs">): {
  readonly versionInfo: string;
  readonly lastUpdated: Timestamp;
} {
  return { versionInfo: version, lastUpdated: timestampFromMs(updatedMs) };
}

interface Failure {
  readonly errorState: { readonly details: string; readonly versionInfo: string; readonly lastUpdateAttempt: Timestamp };
}

function failuresByName(refused: readonly RefusedResource[]): ReadonlyMap<string, Failure> {
  return new Map(
    refused.map(({ name, version, reason, refusedMs }) => [
      name,
      { errorState: { details: reason, versionInfo: version, lastUpdateAttempt: timestampFromMs(refusedMs) } },
    ]),
  );
}

function neverTaken(accepted: readonly StoredResource[], refused: readonly RefusedResource[]): readonly RefusedResource[] {
  const names = new Set(accepted.map(({ name }) => name));
  return refused.filter(({ name }) => !names.has(name));
}

function select(resources: XdsResources, isWanted: DumpOptions["isWanted"]): XdsResources {
  const { version, accepted, refused } = resources;
  return { version, accepted: accepted.filter(({ name }) => isWanted(name)), refused: refused.filter(({ name }) => isWanted(name)) };
}
