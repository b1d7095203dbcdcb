import type { Problem } from "@fairlead/kit";
import type { AccessPolicy, PeerAuthentication } from "./access-policy.ts";
import type { AuthorizationProvider } from "./authorization-provider.ts";
import type { EndpointSet } from "./endpoint.ts";
import type { Gateway } from "./gateway.ts";
import type { RequestAuthentication } from "./request-authentication.ts";
import type { RoutingRule } from "./routing-rule.ts";
import type { Service, ServiceKey } from "./service.ts";
import type { TrafficPolicy } from "./traffic-policy.ts";
import type { Workload } from "./workload.ts";

/** What holds for the whole mesh. */
export interface MeshSettings {
  readonly trustDomain: string;
  /** Policies here without a selector hold everywhere; its traffic policies are the last that are looked up. */
  readonly rootNamespace: string;
  /** Suffix that short names are completed with: `reviews` is `reviews.<namespace>.svc.<clusterDomain>`. */
  readonly clusterDomain: string;
}

export const DEFAULT_MESH_SETTINGS: MeshSettings = {
  trustDomain: "cluster.local",
  rootNamespace: "istio-system",
  clusterDomain: "cluster.local",
};

/**
 * The whole configuration of the mesh at one moment. Lists are in order of definition (file name, then place in the file), which is also
 * precedence. An object that nothing changed is the same object as in the snapshot before; so are a list and a map none of whose members changed.
 */
export interface MeshSnapshot {
  readonly settings: MeshSettings;
  readonly services: ReadonlyMap<ServiceKey, Service>;
  /** Every service has an entry, possibly an empty one. */
  readonly endpoints: ReadonlyMap<ServiceKey, EndpointSet>;
  /** All WorkloadEntries by key, whether a service selects them or not. */
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly routingRules: readonly RoutingRule[];
  readonly trafficPolicies: readonly TrafficPolicy[];
  readonly accessPolicies: readonly AccessPolicy[];
  readonly peerAuthentications: readonly PeerAuthentication[];
  readonly requestAuthentications: readonly RequestAuthentication[];
  /** Of several with one name the first counts. */
  readonly authorizationProviders: readonly AuthorizationProvider[];
  /** What is wrong with objects that are in the snapshot all the same: unknown hosts, subsets, gateways, conflicts. */
  readonly problems: readonly Problem[];
}
