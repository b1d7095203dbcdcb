import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Cluster as XdsCluster, ClusterSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { type ClusterLoadAssignment, ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import { type Listener as XdsListener, ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import {
  type RouteConfiguration as XdsRouteConfiguration,
  RouteConfigurationSchema,
} from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import { VirtualHostSchema } from "@fairlead/api/gen/envoy/config/route/v3/route_components_pb";
import { type NameTable as XdsNameTable, NameTableSchema } from "@fairlead/api/gen/istio/networking/nds/v1/nds_pb";
import type { Origin } from "@fairlead/kit";
import type { Cluster } from "../ir/cluster.ts";
import type { ClusterEndpoints } from "../ir/endpoint.ts";
import type { Listener } from "../ir/listener.ts";
import type { NameTable } from "../ir/name-table.ts";
import type { ProxyIr } from "../ir/proxy-ir.ts";
import type { RouteConfiguration, VirtualHost } from "../ir/route.ts";
import { memo } from "../ir/remember.ts";
import { toCluster } from "./from-ir/cluster.ts";
import { toLoadAssignment } from "./from-ir/endpoint.ts";
import { toListener } from "./from-ir/listener.ts";
import { toNameTable } from "./from-ir/name-table.ts";
import { toRouteConfiguration, toVirtualHost } from "./from-ir/route.ts";
import { RESOURCE_TYPES, type ResourceType, typeUrlOf } from "./resource-type.ts";

/** A resource as it goes over the wire. It is encoded when somebody first needs it, once, however many proxies get it. */
export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
  /** Hash of the content. */
  readonly version: string;
  /** Encoded `google.protobuf.Any`: what a state-of-the-world response holds. */
  readonly any: Uint8Array;
  /** Encoded `envoy.service.discovery.v3.Resource`: what a delta response holds. */
  readonly delta: Uint8Array;
  /** The message itself, for people and tests; made anew at each call. */
  readonly message: () => XdsMessage;
  /** Objects that it was made from. */
  readonly origins: () => readonly Origin[];
}

export type XdsMessage = XdsCluster | ClusterLoadAssignment | XdsListener | XdsRouteConfiguration | XdsNameTable;

/** All resources of one proxy by type and name. */
export type XdsSnapshot = Readonly<Record<ResourceType, ReadonlyMap<string, Resource>>>;

export const NO_RESOURCES: XdsSnapshot = {
  cluster: new Map(),
  endpoint: new Map(),
  listener: new Map(),
  route: new Map(),
  "name-table": new Map(),
};

/** What a proxy is served, given what it should run: an unchanged part is the same resource. */
export const toXdsSnapshot = memo((ir: ProxyIr): XdsSnapshot => ({
  cluster: byName(ir.clusters, clusterResource),
  endpoint: byName(ir.endpoints, endpointResource),
  listener: byName(ir.listeners, listenerResource),
  route: byName(ir.routes, routeResource),
  "name-table": byName([ir.names], nameTableResource),
}));

/** Every resource of a snapshot, in the order of types. */
export function allResources(snapshot: XdsSnapshot): readonly Resource[] {
  return RESOURCE_TYPES.flatMap((type) => [...snapshot[type].values()]);
}

function byName<Item extends object>(items: readonly Item[], toResource: (item: Item) => Resource): ReadonlyMap<string, Resource> {
  return new Map(items.map((item) => toResource(item)).map((resource) => [resource.name, resource]));
}

const clusterResource = memo(
  (cluster: Cluster) =>
    new LazyResource({
      type: "cluster",
      name: cluster.name,
      origins: () => cluster.origins,
      message: () => toCluster(cluster),
      encode: () => toBinary(ClusterSchema, toCluster(cluster)),
    }),
);

const endpointResource = memo(
  (endpoints: ClusterEndpoints) =>
    new LazyResource({
      type: "endpoint",
      name: endpoints.clusterName,
      origins: () => [...new Set(endpoints.localities.flatMap((group) => group.endpoints.map((endpoint) => endpoint.workload.origin)))],
      message: () => toLoadAssignment(endpoints),
      encode: () => toBinary(ClusterLoadAssignmentSchema, toLoadAssignment(endpoints)),
    }),
);

const listenerResource = memo(
  (listener: Listener) =>
    new LazyResource({
      type: "listener",
      name: listener.name,
      origins: () => listener.origins,
      message: () => toListener(listener),
      encode: () => toBinary(ListenerSchema, toListener(listener)),
    }),
);

const routeResource = memo(
  (routes: RouteConfiguration) =>
    new LazyResource({
      type: "route",
      name: routes.name,
      origins: () => [...new Set(routes.virtualHosts.flatMap((host) => host.origins))],
      message: () => toRouteConfiguration(routes, "with-lines"),
      encode: () => encodeRoutes(routes),
    }),
);

const nameTableResource = memo(
  (names: NameTable) =>
    new LazyResource({
      type: "name-table",
      // The one table has no name (Istio's).
      name: "",
      origins: () => [...new Set(names.hosts.map(({ origin }) => origin))],
      message: () => toNameTable(names),
      encode: () => toBinary(NameTableSchema, toNameTable(names)),
    }),
);

/** Field number of `RouteConfiguration.virtual_hosts`. */
const VIRTUAL_HOSTS = 2;

/** A table of thousands of hosts changes one host at a time: each is encoded once, and the table put together from them. */
function encodeRoutes(routes: RouteConfiguration): Uint8Array {
  const head = toBinary(RouteConfigurationSchema, toRouteConfiguration({ ...routes, virtualHosts: [] }, "with-lines"));
  const writer = new BinaryWriter().raw(head);
  for (const host of routes.virtualHosts) writer.tag(VIRTUAL_HOSTS, WireType.LengthDelimited).bytes(encodedHost(host));
  return writer.finish();
}

const encodedHost = memo((host: VirtualHost): Uint8Array => toBinary(VirtualHostSchema, toVirtualHost(host, "with-lines")));

let encodedCount = 0;

/** How many resources were encoded since the process began: it grows by what changed, not by who asks. */
export function encodedResources(): number {
  return encodedCount;
}

interface Encoded {
  readonly version: string;
  readonly any: Uint8Array;
  readonly delta: Uint8Array;
}

class LazyResource implements Resource {
  readonly type: ResourceType;
  readonly name: string;
  readonly origins: () => readonly Origin[];
  readonly message: () => XdsMessage;
  readonly #encode: () => Uint8Array;
  #encoded: Encoded | undefined;

  constructor(options: Pick<Resource, "type" | "name" | "origins" | "message"> & { readonly encode: () => Uint8Array }) {
    this.type = options.type;
    this.name = options.name;
    this.origins = options.origins;
    this.message = options.message;
    this.#encode = options.encode;
  }

  get version(): string {
    return this.#content().version;
  }

  get any(): Uint8Array {
    return this.#content().any;
  }

  get delta(): Uint8Array {
    return this.#content().delta;
  }

  #content(): Encoded {
    return (this.#encoded ??= encode(this.type, this.name, this.#encode()));
  }
}

/** Field numbers of `google.protobuf.Any` and `envoy.service.discovery.v3.Resource`. */
const ANY = { typeUrl: 1, value: 2 } as const;
const RESOURCE = { version: 1, resource: 2, name: 3 } as const;
const VERSION_LENGTH = 16;

function encode(type: ResourceType, name: string, content: Uint8Array): Encoded {
  encodedCount += 1;
  const version = createHash("sha256").update(content).digest("base64url").slice(0, VERSION_LENGTH);
  const any = new BinaryWriter()
    .tag(ANY.typeUrl, WireType.LengthDelimited)
    .string(typeUrlOf(type))
    .tag(ANY.value, WireType.LengthDelimited)
    .bytes(content)
    .finish();
  const delta = new BinaryWriter()
    .tag(RESOURCE.version, WireType.LengthDelimited)
    .string(version)
    .tag(RESOURCE.resource, WireType.LengthDelimited)
    .bytes(any)
    .tag(RESOURCE.name, WireType.LengthDelimited)
    .string(name)
    .finish();
  return { version, any, delta };
}
