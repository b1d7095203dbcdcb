import type { ConfigObject, VirtualServiceSpec } from "@fairlead/crds";
import { resolveHost } from "../hostname.ts";
import type { MeshSettings } from "../mesh-snapshot.ts";
import {
  type ConnectionMatch,
  MESH_GATEWAY,
  type RoutingRule,
  type TcpRule,
  type TlsRule,
  type WeightedDestination,
} from "../routing-rule.ts";
import { NO_HEADER_OPERATIONS, type RuleContext, toDestination } from "./destination.ts";
import { toHttpRule } from "./http-rule.ts";
import { toGatewayKeys, toProxyMatch } from "./match.ts";
import { toVisibility } from "./visibility.ts";

/** A VirtualService as a routing rule: names completed, defaults filled in. */
export function toRoutingRule(object: ConfigObject<"VirtualService">, settings: MeshSettings): RoutingRule {
  const { namespace, name, spec } = object;
  const context: RuleContext = { object, clusterDomain: settings.clusterDomain };
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    hosts: spec.hosts.map((host) => resolveHost(host, namespace, settings.clusterDomain)),
    gateways: toGatewayKeys(spec.gateways, namespace) ?? [MESH_GATEWAY],
    visibility: toVisibility(spec.exportTo, namespace),
    http: spec.http.map((route, index) => toHttpRule(context, route, index)),
    tls: spec.tls.map((route, index) => toTlsRule(context, route, index)),
    tcp: spec.tcp.flatMap((route, index) => toTcpRule(context, route, index)),
    origin: object.origin,
  };
}

function toTlsRule(context: RuleContext, route: VirtualServiceSpec["tls"][number], index: number): TlsRule {
  const path = ["spec", "tls", index] as const;
  return {
    matches: route.match.map((match, matchIndex) => ({
      ...toConnectionMatch(context, match, [...path, "match", matchIndex]),
      sniHosts: match.sniHosts.map((host) => host.toLowerCase()),
    })),
    destinations: toDestinations(context, route.route, path),
    origin: context.object.originOf(path),
  };
}

/** A rule that only matches by source address cannot be told apart here, and matching all instead would be wrong: it is left out. */
function toTcpRule(context: RuleContext, route: VirtualServiceSpec["tcp"][number], index: number): readonly TcpRule[] {
  const path = ["spec", "tcp", index] as const;
  const matches = route.match.flatMap((match, matchIndex) =>
    match.sourceSubnet === undefined ? [toConnectionMatch(context, match, [...path, "match", matchIndex])] : [],
  );
  if (route.match.length > 0 && matches.length === 0) return [];
  return [{ matches, destinations: toDestinations(context, route.route, path), origin: context.object.originOf(path) }];
}

type MatchSpec = Pick<
  VirtualServiceSpec["tls"][number]["match"][number],
  "destinationSubnets" | "port" | "sourceLabels" | "sourceNamespace" | "gateways"
>;

function toConnectionMatch(context: RuleContext, match: MatchSpec, path: readonly (string | number)[]): ConnectionMatch {
  return {
    destinationSubnets: match.destinationSubnets,
    port: match.port,
    proxies: toProxyMatch(context, match),
    origin: context.object.originOf(path),
  };
}

function toDestinations(
  context: RuleContext,
  destinations: VirtualServiceSpec["tcp"][number]["route"],
  path: readonly (string | number)[],
): readonly WeightedDestination[] {
  return destinations.map(({ destination, weight }, index) => {
    const place = [...path, "route", index];
    return {
      destination: toDestination(context, destination, [...place, "destination"]),
      weight: destinations.length === 1 ? 100 : (weight ?? 0),
      headers: NO_HEADER_OPERATIONS,
      origin: context.object.originOf(place),
    };
  });
}
