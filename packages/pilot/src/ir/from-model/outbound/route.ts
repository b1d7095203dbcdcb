import { findMeshRule, meshHostRules, type HostRule } from "../../../model/lookup/routing-rule.ts";
import { visibleServices } from "../../../model/lookup/service.ts";
import { hostCovers } from "../../../model/hostname.ts";
import type { MeshSettings, MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { MESH_GATEWAY, type RoutingRule } from "../../../model/routing-rule.ts";
import type { Service, ServicePort } from "../../../model/service.ts";
import type { Route, RouteConfiguration, VirtualHost } from "../../route.ts";
import { type KnownHost, knownHost, knownHostsOf, targetFinder } from "../shared/destination.ts";
import { HTTP_PROXY, joinHostPort } from "../shared/names.ts";
import { internList, memo, remember } from "../../remember.ts";
import { buildRoutes, defaultRoute, isRoutable } from "../shared/route.ts";
import { portSettings } from "../shared/traffic-policy.ts";
import type { View } from "../shared/view.ts";
import { type Candidate, domainsOf } from "./domains.ts";
import { TUNNEL_ROUTE, tunnelHosts } from "./tunnel.ts";
import { unknownHost, type OutboundTraffic } from "./unknown-host.ts";

/** Hosts of rules that name no service are reachable on this port only (as in Istio). */
const DEFAULT_HTTP_PORT = 80;

/** Route tables by service port, as the listeners of redirected traffic name them. */
export function portRoutes(snapshot: MeshSnapshot, view: View, traffic: OutboundTraffic): readonly RouteConfiguration[] {
  const ports = new Set(
    visibleServices(snapshot, view.namespace).flatMap((service) =>
      service.ports.filter((port) => isRoutable(port.protocol)).map((port) => port.number),
    ),
  );
  if (unservedRules(snapshot, view).length > 0) ports.add(DEFAULT_HTTP_PORT);
  return [...ports]
    .toSorted((left, right) => left - right)
    .map((port) => {
      const candidates = [
        ...serviceHosts(snapshot, view, port),
        ...(port === DEFAULT_HTTP_PORT ? ruleHosts(snapshot, view, "without-port") : []),
      ];
      return toConfiguration(internList(candidates), String(port), unknownHost(traffic));
    });
}

/** The one route table of proxies that are spoken to as an HTTP proxy: all ports of all services, and tunnels to what is not HTTP. */
export function httpProxyRoutes(snapshot: MeshSnapshot, view: View): RouteConfiguration {
  const candidates = [
    ...serviceHosts(snapshot, view, undefined),
    ...ruleHosts(snapshot, view, "with-port"),
    ...tunnelHosts(snapshot, view),
  ];
  return toConfiguration(internList(candidates), HTTP_PROXY, unknownHost("registry-only"));
}

/** Virtual hosts of the services, of one port (whose number names may leave out) or of all. */
function serviceHosts(snapshot: MeshSnapshot, view: View, port: number | undefined): readonly Candidate[] {
  const services = visibleServices(snapshot, view.namespace);
  const pairs = services.flatMap((service) =>
    service.ports
      .filter((candidate) => isRoutable(candidate.protocol) && (port === undefined || candidate.number === port))
      .map((servicePort) => ({ service, servicePort })),
  );
  // Names without a port mean port 80 first.
  if (port === undefined)
    pairs.sort(
      (left, right) => Number(right.servicePort.number === DEFAULT_HTTP_PORT) - Number(left.servicePort.number === DEFAULT_HTTP_PORT),
    );
  return pairs.map(({ service, servicePort }) => {
    const form = port === undefined ? "with-port" : "without-port";
    const rule = findMeshRule(snapshot, service.hostname, view.namespace);
    if (rule !== undefined) {
      return routedHost(rule, knownHostsOf(snapshot, view, rule), service, servicePort, view, snapshot.settings, form);
    }
    return plainHost(service, servicePort, knownHost(snapshot, view, service.hostname), view, snapshot.settings, form);
  });
}

/** Virtual hosts of rules for names that no service has. */
function ruleHosts(snapshot: MeshSnapshot, view: View, form: Form): readonly Candidate[] {
  return unservedRules(snapshot, view).map(({ host, rule }) => unservedHost(rule, knownHostsOf(snapshot, view, rule), host, view, form));
}

function unservedRules(snapshot: MeshSnapshot, view: View): readonly HostRule[] {
  const services = visibleServices(snapshot, view.namespace);
  const hostnames = hostnamesOf(services);
  const isServed = (host: string): boolean =>
    host.startsWith("*") ? services.some((service) => hostCovers(host, service.hostname)) : hostnames.has(host);
  return meshHostRules(snapshot, view.namespace).filter(({ host, rule }) => rule.http.length > 0 && !isServed(host));
}

const hostnamesOf = memo((services: readonly Service[]): ReadonlySet<string> => new Set(services.map((service) => service.hostname)));

type Form = "with-port" | "without-port";

const routedHost = remember(
  (
    rule: RoutingRule,
    hosts: readonly KnownHost[],
    service: Service,
    port: ServicePort,
    view: View,
    mesh: MeshSettings,
    form: Form,
  ): Candidate => {
    const routes = buildRoutes(rule, {
      view,
      gateway: MESH_GATEWAY,
      port: port.number,
      isTls: false,
      findTarget: targetFinder(rule, hosts),
    });
    // A rule of which nothing is for this proxy is as good as none (as in Istio).
    const isOurs = routes.length > 0;
    const host: VirtualHost = {
      name: joinHostPort(service.hostname, port.number),
      domains: [],
      routes: withTunnel(isOurs ? routes : [defaultRoute(service, port.number, undefined)], form),
      requireTls: false,
      origins: isOurs ? [rule.origin, service.origin] : [service.origin],
    };
    return { ...domainsOf(service, { port: form === "with-port" ? port.number : undefined, view, mesh }), host };
  },
);

const plainHost = remember(
  (service: Service, port: ServicePort, known: KnownHost, view: View, mesh: MeshSettings, form: Form): Candidate => {
    const { loadBalancer } = portSettings(known.policy?.settings, port.number);
    const hashKey = loadBalancer?.kind === "consistent-hash" ? loadBalancer.key : undefined;
    const host: VirtualHost = {
      name: joinHostPort(service.hostname, port.number),
      domains: [],
      routes: withTunnel([defaultRoute(service, port.number, hashKey)], form),
      requireTls: false,
      origins: [service.origin],
    };
    return { ...domainsOf(service, { port: form === "with-port" ? port.number : undefined, view, mesh }), host };
  },
);

/** Only clients that speak to an HTTP proxy name ports and open tunnels. */
function withTunnel(routes: readonly Route[], form: Form): readonly Route[] {
  return form === "with-port" ? [TUNNEL_ROUTE, ...routes] : routes;
}

const unservedHost = remember((rule: RoutingRule, hosts: readonly KnownHost[], host: string, view: View, form: Form): Candidate => {
  const routes = buildRoutes(rule, {
    view,
    gateway: MESH_GATEWAY,
    port: DEFAULT_HTTP_PORT,
    isTls: false,
    findTarget: targetFinder(rule, hosts),
  });
  const name = joinHostPort(host, DEFAULT_HTTP_PORT);
  return {
    own: host === "*" ? [] : [host, name],
    aliases: [],
    host: { name, domains: [], routes: withTunnel(routes, form), requireTls: false, origins: [rule.origin] },
  };
});

/** Gives every candidate the names that no one before it has, own names before aliases; those left without any are dropped. */
const toConfiguration = remember((candidates: readonly Candidate[], name: string, fallback: VirtualHost): RouteConfiguration => {
  const taken = new Set<string>();
  const own = new Set(candidates.flatMap((candidate) => candidate.own));
  const virtualHosts = candidates.flatMap((candidate) => {
    const domains = [...candidate.own, ...candidate.aliases.filter((alias) => !own.has(alias))].filter((domain) => !taken.has(domain));
    for (const domain of domains) taken.add(domain);
    return domains.length === 0 || candidate.host.routes.length === 0 ? [] : [withDomains(candidate, JSON.stringify(domains))];
  });
  return { name, virtualHosts: [...virtualHosts, fallback], ignorePortInHost: name !== HTTP_PROXY };
});

const withDomains = remember((candidate: Candidate, domains: string): VirtualHost => ({ ...candidate.host, domains: JSON.parse(domains) }));
