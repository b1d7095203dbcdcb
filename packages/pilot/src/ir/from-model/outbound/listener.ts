import type { Origin } from "@fairlead/kit";
import { findMeshRule } from "../../../model/lookup/routing-rule.ts";
import { visibleServices } from "../../../model/lookup/service.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { MESH_GATEWAY, type RoutingRule, type TlsRule } from "../../../model/routing-rule.ts";
import type { PortProtocol, Service, ServicePort } from "../../../model/service.ts";
import type { NetworkFilter, WeightedCluster } from "../../filter.ts";
import type { FilterChain, Listener } from "../../listener.ts";
import { connectionClusters, weightedClusters } from "../shared/connection.ts";
import { type KnownHost, knownHost, knownHostsOf, targetFinder } from "../shared/destination.ts";
import {
  BLACKHOLE_CLUSTER,
  HTTP_PROXY,
  HTTP_PROXY_TUNNEL,
  outboundClusterName,
  PASSTHROUGH_CLUSTER,
  VIRTUAL_OUTBOUND_PORT,
} from "../shared/names.ts";
import { internList, remember } from "../../remember.ts";
import { isRoutable } from "../shared/route.ts";
import { addressesFor, matchesProxy, type View } from "../shared/view.ts";
import { webFilters } from "../shared/web.ts";
import type { OutboundTraffic } from "./unknown-host.ts";

const ANY_ADDRESS = "0.0.0.0";

/** What applications speak to as to an HTTP proxy: requests with absolute URLs, and CONNECT. */
export const httpProxyListener = (address: string, port: number): Listener => ({
  name: HTTP_PROXY,
  binding: { kind: "socket", address, port },
  direction: "outbound",
  useOriginalDestination: false,
  inspectors: [],
  filterChains: [{ name: HTTP_PROXY, match: {}, tls: undefined, filters: [httpByTable(HTTP_PROXY, "with-tunnels")] }],
  defaultFilterChain: undefined,
  origins: [],
});

/** What is inside the tunnels that CONNECT opened. */
export const TUNNEL_LISTENER: Listener = {
  name: HTTP_PROXY_TUNNEL,
  binding: { kind: "internal" },
  direction: "outbound",
  useOriginalDestination: false,
  inspectors: [],
  filterChains: [{ name: HTTP_PROXY_TUNNEL, match: {}, tls: undefined, filters: [httpByTable(HTTP_PROXY, "requests-only")] }],
  defaultFilterChain: undefined,
  origins: [],
};

/** Listeners of redirected outbound connections: the one they come to, and one for each address and port that means a service. */
export function redirectedListeners(snapshot: MeshSnapshot, view: View, traffic: OutboundTraffic): readonly Listener[] {
  const pieces = visibleServices(snapshot, view.namespace).flatMap((service) => piecesOf(snapshot, view, service));
  const byName = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const name = `${piece.address}_${piece.port}`;
    const group = byName.get(name);
    if (group === undefined) byName.set(name, [piece]);
    else group.push(piece);
  }
  return [VIRTUAL_OUTBOUND[traffic], ...[...byName.values()].map((group) => buildListener(internList(group), traffic))];
}

/** What one port of a service wants of the listener at an address. */
interface Piece {
  readonly address: string;
  readonly port: number;
  readonly wish:
    | { readonly kind: "requests"; readonly protocol: PortProtocol }
    | { readonly kind: "server-names"; readonly chains: readonly FilterChain[] }
    | { readonly kind: "connections"; readonly name: string; readonly clusters: readonly WeightedCluster[] };
  readonly origins: readonly Origin[];
}

function piecesOf(snapshot: MeshSnapshot, view: View, service: Service): readonly Piece[] {
  const rule = findMeshRule(snapshot, service.hostname, view.namespace);
  const hosts = rule === undefined ? [knownHost(snapshot, view, service.hostname)] : knownHostsOf(snapshot, view, rule);
  return service.ports.flatMap((port) => {
    if (port.protocol === "udp") return [];
    // Rules for requests are the route table's matter.
    return isRoutable(port.protocol) ? requestPiece(service, port) : buildPieces(service, port, rule ?? NOTHING, hosts, view);
  });
}

const requestPiece = remember((service: Service, port: ServicePort): Piece => ({
  address: ANY_ADDRESS,
  port: port.number,
  wish: { kind: "requests", protocol: port.protocol },
  origins: [service.origin],
}));

const NOTHING = {};

const buildPieces = remember(
  (service: Service, port: ServicePort, rule: RoutingRule | object, hosts: readonly KnownHost[], view: View): readonly Piece[] => {
    const own = "tls" in rule ? rule : undefined;
    const origins = own === undefined ? [service.origin] : [service.origin, own.origin];
    const addresses = addressesFor(service, view).filter((address) => !address.includes("/"));
    const isTls = port.protocol === "tls" || port.protocol === "https";
    // Several services may share an address that somebody wrote down; an allocated one is this service's, whatever server name is asked for.
    const isAlone = service.addresses.length === 0 && addresses.length > 0;
    const isNamed = isTls && (!isAlone || (own !== undefined && own.tls.length > 0));
    const wish: Piece["wish"] = isNamed
      ? { kind: "server-names", chains: serverNameChains(service, port, own, hosts, view) }
      : {
          kind: "connections",
          name: outboundClusterName(service.hostname, port.number),
          clusters: connectionClusters({ service, port, rule: own, hosts, view, gateway: MESH_GATEWAY }),
        };
    return (addresses.length === 0 ? [ANY_ADDRESS] : addresses).map((address) => ({ address, port: port.number, wish, origins }));
  },
);

/** A chain for each TLS rule by its server names, and one for the rest of the service's. */
function serverNameChains(
  service: Service,
  port: ServicePort,
  rule: RoutingRule | undefined,
  hosts: readonly KnownHost[],
  view: View,
): readonly FilterChain[] {
  const cluster = outboundClusterName(service.hostname, port.number);
  const ruled = rule === undefined ? [] : rule.tls.flatMap((part) => ruledChain(part, rule, port, hosts, view));
  const taken = new Set(ruled.flatMap((chain) => chain.match.serverNames ?? []));
  if (taken.has(service.hostname)) return ruled;
  return [
    ...ruled,
    {
      name: cluster,
      match: { serverNames: [service.hostname] },
      tls: undefined,
      filters: [tcpTo(cluster, [{ name: cluster, weight: 1 }])],
    },
  ];
}

function ruledChain(part: TlsRule, rule: RoutingRule, port: ServicePort, hosts: readonly KnownHost[], view: View): readonly FilterChain[] {
  const serverNames = part.matches
    .filter((match) => (match.port === undefined || match.port === port.number) && matchesProxy(match.proxies, view, MESH_GATEWAY))
    .flatMap((match) => match.sniHosts);
  if (serverNames.length === 0) return [];
  const clusters = weightedClusters(part.destinations, port.number, targetFinder(rule, hosts));
  const name = `${rule.key}:${serverNames.join(",")}`;
  return [{ name, match: { serverNames: [...new Set(serverNames)] }, tls: undefined, filters: [tcpTo(name, clusters)] }];
}

const buildListener = remember((pieces: readonly Piece[], traffic: OutboundTraffic): Listener => {
  const [{ address, port } = { address: ANY_ADDRESS, port: 0 }] = pieces;
  // Requests of several services at one port are alike; the first says how (as in Istio).
  const [requests] = pieces.flatMap((piece) => (piece.wish.kind === "requests" ? [piece.wish] : []));
  const named = pieces.flatMap((piece) => (piece.wish.kind === "server-names" ? piece.wish.chains : []));
  const connections = pieces.flatMap((piece) => (piece.wish.kind === "connections" ? [piece.wish] : []))[0];
  const http: readonly FilterChain[] =
    requests !== undefined
      ? [
          {
            name: `${port}-http`,
            match: { transport: "raw", applicationProtocols: ["http/1.0", "http/1.1", "h2c"] },
            tls: undefined,
            filters: [httpByTable(String(port), "requests-only", requests.protocol)],
          },
        ]
      : [];
  const name = `${address}_${port}`;
  const rest: FilterChain =
    connections === undefined
      ? restChain(traffic)
      : { name: connections.name, match: {}, tls: undefined, filters: [tcpTo(connections.name, connections.clusters)] };
  return {
    name,
    binding: { kind: "unbound", address, port },
    direction: "outbound",
    useOriginalDestination: false,
    inspectors: [...(named.length > 0 ? (["tls"] as const) : []), ...(requests === undefined ? [] : (["http"] as const))],
    filterChains: [...http, ...withoutRepeatedNames(named)],
    defaultFilterChain: rest,
    origins: [...new Set(pieces.flatMap((piece) => piece.origins))],
  };
});

/** Of two chains for one server name the first wins, as Envoy would refuse both. */
function withoutRepeatedNames(chains: readonly FilterChain[]): readonly FilterChain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain) => {
    const free = (chain.match.serverNames ?? []).filter((name) => !taken.has(name));
    for (const name of free) taken.add(name);
    return free.length === 0 ? [] : [{ ...chain, match: { ...chain.match, serverNames: free } }];
  });
}

function restChain(traffic: OutboundTraffic): FilterChain {
  const cluster = traffic === "allow-any" ? PASSTHROUGH_CLUSTER : BLACKHOLE_CLUSTER;
  return { name: cluster, match: {}, tls: undefined, filters: [tcpTo(cluster, [{ name: cluster, weight: 1 }])] };
}

function tcpTo(statPrefix: string, clusters: readonly WeightedCluster[]): NetworkFilter {
  return { kind: "tcp", statPrefix, clusters, idleTimeoutMs: undefined };
}

function httpByTable(table: string, mode: "with-tunnels" | "requests-only", protocol: PortProtocol = "http"): NetworkFilter {
  return {
    kind: "http",
    statPrefix: `outbound_${table}`,
    routes: { kind: "named", name: table },
    filters: [...webFilters(protocol), { kind: "fault" }, { kind: "cors" }],
    role: "sidecar-outbound",
    allowConnect: mode === "with-tunnels",
  };
}

function virtualOutbound(traffic: OutboundTraffic): Listener {
  return {
    name: "virtualOutbound",
    binding: { kind: "socket", address: ANY_ADDRESS, port: VIRTUAL_OUTBOUND_PORT },
    direction: "outbound",
    useOriginalDestination: true,
    inspectors: [],
    filterChains: [
      {
        name: "virtualOutbound-blackhole",
        match: { destinationPort: VIRTUAL_OUTBOUND_PORT },
        tls: undefined,
        filters: [tcpTo(BLACKHOLE_CLUSTER, [{ name: BLACKHOLE_CLUSTER, weight: 1 }])],
      },
      restChain(traffic),
    ],
    defaultFilterChain: undefined,
    origins: [],
  };
}

const VIRTUAL_OUTBOUND: Readonly<Record<OutboundTraffic, Listener>> = {
  "allow-any": virtualOutbound("allow-any"),
  "registry-only": virtualOutbound("registry-only"),
};
