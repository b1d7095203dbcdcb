/** Types of resources that Pilot serves, in the order they are sent: nothing points at what is not there yet. */
export const RESOURCE_TYPES = ["cluster", "endpoint", "listener", "route", "name-table"] as const;

export type ResourceType = (typeof RESOURCE_TYPES)[number];

const TYPE_URLS: Readonly<Record<ResourceType, string>> = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoint: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  "name-table": "type.googleapis.com/istio.networking.nds.v1.NameTable",
};

const BY_URL = new Map(RESOURCE_TYPES.map((type) => [TYPE_URLS[type], type]));

export function typeUrlOf(type: ResourceType): string {
  return TYPE_URLS[type];
}

/** undefined for types that Pilot has nothing of. */
export function resourceTypeOf(typeUrl: string): ResourceType | undefined {
  return BY_URL.get(typeUrl);
}

/** Types of which a client without names in its subscription gets everything; of the others it names what it wants (xDS: wildcard subscriptions). */
export function isWildcardType(type: ResourceType): boolean {
  return type === "cluster" || type === "listener" || type === "name-table";
}
