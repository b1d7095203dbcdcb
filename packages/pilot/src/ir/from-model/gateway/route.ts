import type { Gateway, GatewayServer } from "../../../model/gateway.ts";
import { serverHosts } from "../../../model/lookup/gateway.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { RoutingRule } from "../../../model/routing-rule.ts";
import type { Route, RouteConfiguration, VirtualHost } from "../../route.ts";
import { type KnownHost, knownHostsOf, targetFinder } from "../shared/destination.ts";
import { joinHostPort } from "../shared/names.ts";
import { internList, remember } from "../../remember.ts";
import { buildRoutes } from "../shared/route.ts";
import type { View } from "../shared/view.ts";
import { type BoundServer, routeTableName, type ServerGroup } from "./server.ts";

/** Route tables of the HTTP servers of a group. */
export function gatewayRoutes(snapshot: MeshSnapshot, view: View, group: ServerGroup): readonly RouteConfiguration[] {
  const tables = new Map<string, BoundServer[]>();
  for (const bound of group.servers) {
    if (bound.kind !== "http" && bound.kind !== "https") continue;
    const name = routeTableName(bound);
    const table = tables.get(name);
    if (table === undefined) tables.set(name, [bound]);
    else table.push(bound);
  }
  return [...tables].map(([name, servers]) => buildTable(internList(hostsOf(snapshot, view, servers, group.port)), name));
}

function hostsOf(snapshot: MeshSnapshot, view: View, servers: readonly BoundServer[], port: number): readonly VirtualHost[] {
  const parts = new Map<string, Part[]>();
  for (const { gateway, server, kind } of servers) {
    for (const { host, rules } of serverHosts(snapshot, gateway, server)) {
      const found = rules
        .filter((rule) => rule.http.length > 0)
        .map((rule) => toPart(rule, knownHostsOf(snapshot, view, rule), gateway, server, view, kind === "https"));
      parts.set(host, [...(parts.get(host) ?? []), ...found]);
    }
    // A server that redirects to https answers for its hosts even when no rule is bound to them.
    if (server.tls?.httpsRedirect === true)
      for (const { hostname } of server.hosts) parts.set(hostname, [...(parts.get(hostname) ?? []), redirectPart(gateway, server)]);
  }
  return [...parts].filter(([, list]) => list.length > 0).map(([host, list]) => buildHost(internList([...new Set(list)]), host, port));
}

/** What one rule gives to a virtual host of a server. */
interface Part {
  readonly routes: readonly Route[];
  readonly redirectsToHttps: boolean;
  readonly origins: VirtualHost["origins"];
}

const toPart = remember(
  (rule: RoutingRule, hosts: readonly KnownHost[], gateway: Gateway, server: GatewayServer, view: View, isTls: boolean): Part => ({
    routes: buildRoutes(rule, { view, gateway: gateway.key, port: server.port.number, isTls, findTarget: targetFinder(rule, hosts) }),
    redirectsToHttps: server.tls?.httpsRedirect === true,
    origins: [rule.origin, gateway.origin],
  }),
);

const redirectPart = remember((gateway: Gateway, _server: GatewayServer): Part => ({
  routes: [],
  redirectsToHttps: true,
  origins: [gateway.origin],
}));

/** Rules of one host are one list; what takes everything comes last, whichever rule it is from. */
const buildHost = remember((parts: readonly Part[], host: string, port: number): VirtualHost => {
  const routes = parts.flatMap((part) => part.routes);
  return {
    name: joinHostPort(host, port),
    domains: [host],
    routes: [...routes.filter((route) => !takesEverything(route)), ...routes.filter(takesEverything).slice(0, 1)],
    requireTls: parts.some((part) => part.redirectsToHttps),
    origins: [...new Set(parts.flatMap((part) => part.origins))],
  };
});

const buildTable = remember((virtualHosts: readonly VirtualHost[], name: string): RouteConfiguration => ({
  name,
  virtualHosts,
  ignorePortInHost: true,
}));

function takesEverything(route: Route): boolean {
  return (
    route.match.path.kind === "prefix" &&
    route.match.path.value === "/" &&
    route.match.headers.length + route.match.queryParameters.length + route.match.claims.length === 0
  );
}
