import { memo } from "../../../model/memo.ts";
import { findService } from "../../../model/lookup/service.ts";
import { findSubset, findTrafficPolicy } from "../../../model/lookup/traffic-policy.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { Destination, RoutingRule } from "../../../model/routing-rule.ts";
import { findPort, type Service } from "../../../model/service.ts";
import type { HashKey, TrafficPolicy } from "../../../model/traffic-policy.ts";
import { outboundClusterName } from "./names.ts";
import { internList, remember } from "../../remember.ts";
import { portSettings } from "./traffic-policy.ts";
import type { View } from "./view.ts";

/** What a destination's host means to the clients of a view. */
export interface KnownHost {
  readonly service: Service | undefined;
  readonly policy: TrafficPolicy | undefined;
}

/** Where a destination leads, or why nowhere. */
export type Target =
  | {
      readonly kind: "cluster";
      readonly cluster: string;
      readonly service: Service;
      readonly port: number;
      readonly hashKey: HashKey | undefined;
    }
  | { readonly kind: "broken"; readonly cluster: string; readonly reason: string };

/** Finds the target of a destination for requests that came for `listenPort`. */
export type FindTarget = (destination: Destination, listenPort: number) => Target;

/** Hosts of all destinations of a rule, in order; the same array while none of them means something else. */
export function knownHostsOf(snapshot: MeshSnapshot, view: View, rule: RoutingRule): readonly KnownHost[] {
  return internList(destinationsOf(rule).map((destination) => knownHost(snapshot, view, destination.host)));
}

/** How the destinations of a rule are found, given the answer of `knownHostsOf`. */
export function targetFinder(rule: RoutingRule, hosts: readonly KnownHost[]): FindTarget {
  const byDestination = new Map(destinationsOf(rule).map((destination, index) => [destination, hosts[index]]));
  return (destination, listenPort) => toTarget(destination, byDestination.get(destination), listenPort);
}

export function knownHost(snapshot: MeshSnapshot, view: View, host: string): KnownHost {
  const service = findService(snapshot, host, view.namespace);
  return toKnownHost(service ?? NOTHING, (service && findTrafficPolicy(snapshot, service, view)) ?? NOTHING);
}

/** The port a destination without one means: the service's only port, else the one that the request came for. */
function portOf(destination: Destination, service: Service | undefined, listenPort: number): number {
  if (destination.port !== undefined) return destination.port;
  const [only] = service?.ports.length === 1 ? service.ports : [];
  return only?.number ?? listenPort;
}

function toTarget(destination: Destination, host: KnownHost | undefined, listenPort: number): Target {
  const { service, policy } = host ?? { service: undefined, policy: undefined };
  const port = portOf(destination, service, listenPort);
  const cluster = outboundClusterName(service?.hostname ?? destination.host, port, destination.subset);
  if (service === undefined) return { kind: "broken", cluster, reason: `there is no service "${destination.host}"` };
  if (findPort(service, port) === undefined)
    return { kind: "broken", cluster, reason: `service "${service.hostname}" has no port ${port}` };
  const subset = destination.subset === undefined ? undefined : findSubset(policy, destination.subset);
  if (destination.subset !== undefined && subset === undefined) {
    return { kind: "broken", cluster, reason: `service "${service.hostname}" has no subset "${destination.subset}"` };
  }
  const { loadBalancer } = portSettings(subset?.settings ?? policy?.settings, port);
  return { kind: "cluster", cluster, service, port, hashKey: loadBalancer?.kind === "consistent-hash" ? loadBalancer.key : undefined };
}

const NOTHING = {};

const toKnownHost = remember((service: Service | object, policy: TrafficPolicy | object): KnownHost => ({
  service: "hostname" in service ? service : undefined,
  policy: "settings" in policy ? policy : undefined,
}));

const destinationsOf = memo((rule: RoutingRule): readonly Destination[] => [
  ...rule.http.flatMap((http) => [
    ...(http.action.kind === "route" ? http.action.destinations.map((weighted) => weighted.destination) : []),
    ...http.mirrors.map((mirror) => mirror.destination),
  ]),
  ...[...rule.tls, ...rule.tcp].flatMap((part) => part.destinations.map((weighted) => weighted.destination)),
]);
