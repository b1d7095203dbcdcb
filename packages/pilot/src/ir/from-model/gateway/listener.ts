import type { Origin } from "@fairlead/kit";
import type { AccessPolicy } from "../../../model/access-policy.ts";
import type { Gateway, GatewayServer, ServerTls } from "../../../model/gateway.ts";
import { hostsOverlap } from "../../../model/hostname.ts";
import { serverHosts } from "../../../model/lookup/gateway.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { ConnectionMatch, RoutingRule } from "../../../model/routing-rule.ts";
import type { HttpFilter, NetworkFilter, WeightedCluster } from "../../filter.ts";
import type { FilterChain, FilterChainMatch, Listener, ServerTlsContext } from "../../listener.ts";
import { connectionAccess, httpAccess } from "../shared/authz.ts";
import { weightedClusters } from "../shared/connection.ts";
import { type KnownHost, knownHostsOf, targetFinder } from "../shared/destination.ts";
import { internList, remember } from "../../remember.ts";
import { meshServerTls } from "../shared/tls.ts";
import { matchesProxy, type View } from "../shared/view.ts";
import { type BoundServer, routeTableName, type ServerGroup, type ServerKind } from "./server.ts";

/** Who may do what at a gateway. */
export interface GatewayGuard {
  readonly policies: readonly AccessPolicy[];
  /** What requests pass before the policies: who asks, and who else is asked. The same list while nothing changes. */
  readonly checks: readonly HttpFilter[];
}

/** The listener of a group of servers; undefined where nothing would ever be served. */
export function gatewayListener(snapshot: MeshSnapshot, view: View, group: ServerGroup, guard: GatewayGuard): Listener | undefined {
  const policies = internList(guard.policies);
  const chains = group.servers.flatMap((bound) => chainsOf(snapshot, view, bound, { ...guard, policies }));
  const distinct = group.servers[0]?.kind === "http" ? chains.slice(0, 1) : withoutRepeatedNames(chains);
  if (distinct.length === 0) return undefined;
  const origins = internList([...new Set(group.servers.map((bound) => bound.gateway.origin))]);
  return build(internList(distinct), origins, policies, group.address, group.port);
}

const build = remember(
  (
    filterChains: readonly FilterChain[],
    origins: readonly Origin[],
    policies: readonly AccessPolicy[],
    address: string,
    port: number,
  ): Listener => ({
    name: `${address}_${port}`,
    binding: { kind: "socket", address, port },
    direction: "outbound",
    useOriginalDestination: false,
    inspectors: filterChains.some(
      (chain) => chain.match.serverNames !== undefined || chain.tls !== undefined || chain.match.transport !== undefined,
    )
      ? ["tls"]
      : [],
    filterChains,
    defaultFilterChain: undefined,
    origins: [...origins, ...policies.map((policy) => policy.origin)],
  }),
);

function chainsOf(snapshot: MeshSnapshot, view: View, bound: BoundServer, { policies, checks }: GatewayGuard): readonly FilterChain[] {
  const { gateway, server, kind } = bound;
  if (kind === "http" || kind === "https") return [httpChain(server, gateway, policies, checks, kind, snapshot.settings.trustDomain)];
  const rules = [...new Set(serverHosts(snapshot, gateway, server).flatMap((entry) => entry.rules))];
  return rules.flatMap((rule) =>
    connectionChains(rule, knownHostsOf(snapshot, view, rule), gateway, server, view, policies, kind, snapshot.settings.trustDomain),
  );
}

const httpChain = remember(
  (
    server: GatewayServer,
    gateway: Gateway,
    policies: readonly AccessPolicy[],
    checks: readonly HttpFilter[],
    kind: "http" | "https",
    trustDomain: string,
  ): FilterChain => {
    const table = routeTableName({ gateway, server, kind });
    const http: NetworkFilter = {
      kind: "http",
      statPrefix: `gateway_${server.port.number}`,
      routes: { kind: "named", name: table },
      filters: [...checks, ...httpAccess(policies), { kind: "fault" }],
      role: "gateway",
      allowConnect: false,
    };
    if (kind === "http") return { name: table, match: {}, tls: undefined, filters: [http] };
    return {
      name: table,
      match: matchNames(server.hosts.map((host) => host.hostname)),
      tls: serverTls(server.tls, trustDomain),
      filters: [http],
    };
  },
);

const connectionChains = remember(
  (
    rule: RoutingRule,
    hosts: readonly KnownHost[],
    gateway: Gateway,
    server: GatewayServer,
    view: View,
    policies: readonly AccessPolicy[],
    kind: ServerKind,
    trustDomain: string,
  ): readonly FilterChain[] => {
    const findTarget = targetFinder(rule, hosts);
    const port = server.port.number;
    const fits = (match: ConnectionMatch): boolean =>
      (match.port === undefined || match.port === port) && matchesProxy(match.proxies, view, gateway.key);
    const chain = (
      index: number,
      match: FilterChainMatch,
      tls: ServerTlsContext | undefined,
      clusters: readonly WeightedCluster[],
    ): FilterChain => ({
      name: `${rule.key}:${port}:${index}`,
      match,
      tls,
      filters: [...connectionAccess(policies), { kind: "tcp", statPrefix: `${rule.key}:${port}`, clusters, idleTimeoutMs: undefined }],
    });
    if (kind === "tls-passthrough") {
      return rule.tls.flatMap((part, index) => {
        const names = part.matches
          .filter(fits)
          .flatMap((match) => match.sniHosts.filter((name) => server.hosts.some((host) => hostsOverlap(host.hostname, name))));
        return names.length === 0
          ? []
          : [chain(index, matchNames(names), undefined, weightedClusters(part.destinations, port, findTarget))];
      });
    }
    const index = rule.tcp.findIndex((part) => part.matches.length === 0 || part.matches.some(fits));
    const part = rule.tcp[index];
    if (part === undefined) return [];
    const clusters = weightedClusters(part.destinations, port, findTarget);
    if (kind === "tcp") return [chain(index, {}, undefined, clusters)];
    return [chain(index, matchNames(server.hosts.map((host) => host.hostname)), serverTls(server.tls, trustDomain), clusters)];
  },
);

/** `*` stands for clients that send any server name, or none. */
function matchNames(names: readonly string[]): FilterChainMatch {
  const distinct = [...new Set(names)];
  return distinct.includes("*") ? {} : { serverNames: distinct };
}

function serverTls(tls: ServerTls | undefined, trustDomain: string): ServerTlsContext | undefined {
  if (tls === undefined || tls.mode === "passthrough") return undefined;
  const limits = { minVersion: tls.minVersion, maxVersion: tls.maxVersion, cipherSuites: tls.cipherSuites };
  if (tls.mode === "istio-mutual") return { ...meshServerTls(trustDomain), ...limits };
  if (tls.certificateFile === undefined || tls.privateKeyFile === undefined) return undefined;
  const wantsClient = tls.mode === "mutual" || tls.mode === "optional-mutual";
  return {
    certificate: { kind: "files", certificateFile: tls.certificateFile, privateKeyFile: tls.privateKeyFile },
    clientCertificate: tls.mode === "mutual" ? "required" : wantsClient ? "optional" : "none",
    trust: wantsClient && tls.caCertificatesFile !== undefined ? { kind: "file", file: tls.caCertificatesFile } : undefined,
    subjectAltNames: wantsClient ? tls.subjectAltNames.map((value) => ({ kind: "exact", value })) : [],
    alpn: ["h2", "http/1.1"],
    ...limits,
  };
}

/** Of two chains for one server name (or for all) the first wins, as Envoy would refuse both. */
function withoutRepeatedNames(chains: readonly FilterChain[]): readonly FilterChain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain) => {
    const names = chain.match.serverNames ?? ["*"];
    const free = names.filter((name) => !taken.has(name));
    for (const name of free) taken.add(name);
    if (free.length === 0) return [];
    return free.length === names.length ? [chain] : [{ ...chain, match: { ...chain.match, serverNames: free } }];
  });
}
