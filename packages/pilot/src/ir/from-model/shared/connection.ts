import type { ConnectionMatch, RoutingRule, TcpRule, TlsRule, WeightedDestination } from "../../../model/routing-rule.ts";
import type { Service, ServicePort } from "../../../model/service.ts";
import type { WeightedCluster } from "../../filter.ts";
import { type FindTarget, type KnownHost, targetFinder } from "./destination.ts";
import { outboundClusterName } from "./names.ts";
import { matchesProxy, type View } from "./view.ts";

/** Where connections to a port of a service go, as the first of a rule's `tls` and `tcp` parts that is for it says. */
export function connectionClusters(options: {
  readonly service: Service;
  readonly port: ServicePort;
  readonly rule: RoutingRule | undefined;
  readonly hosts: readonly KnownHost[];
  readonly view: View;
  readonly gateway: string;
}): readonly WeightedCluster[] {
  const { service, port, rule, hosts, view, gateway } = options;
  const part = rule === undefined ? undefined : findConnectionRule(rule, { port: port.number, view, gateway });
  if (rule === undefined || part === undefined) return [{ name: outboundClusterName(service.hostname, port.number), weight: 1 }];
  return weightedClusters(part.destinations, port.number, targetFinder(rule, hosts));
}

/** Clusters of the destinations that have weight; a broken one keeps its share, which then fails. */
export function weightedClusters(
  destinations: readonly WeightedDestination[],
  port: number,
  findTarget: FindTarget,
): readonly WeightedCluster[] {
  return destinations
    .filter((destination) => destinations.length === 1 || destination.weight > 0)
    .map((destination) => ({
      name: findTarget(destination.destination, port).cluster,
      weight: destinations.length === 1 ? 1 : destination.weight,
    }));
}

function findConnectionRule(
  rule: RoutingRule,
  at: { readonly port: number; readonly view: View; readonly gateway: string },
): TcpRule | TlsRule | undefined {
  const fits = (match: ConnectionMatch): boolean =>
    (match.port === undefined || match.port === at.port) && matchesProxy(match.proxies, at.view, at.gateway);
  return [...rule.tls, ...rule.tcp].find((part) => part.matches.length === 0 || part.matches.some(fits));
}
