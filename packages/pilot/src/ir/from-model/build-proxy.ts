import { accessPoliciesAt, peerTlsAt, type PolicySubject } from "../../model/lookup/access-policy.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import type { ProxyIdentity } from "../../proxy-identity.ts";
import type { Cluster } from "../cluster.ts";
import type { Listener } from "../listener.ts";
import type { ProxyIr } from "../proxy-ir.ts";
import { gatewayListener } from "./gateway/listener.ts";
import { gatewayRoutes } from "./gateway/route.ts";
import { serverGroups } from "./gateway/server.ts";
import { type AppReach, inboundCluster, INBOUND_PASSTHROUGH } from "./inbound/cluster.ts";
import { boundListener, type InboundGuard, virtualInbound } from "./inbound/listener.ts";
import { inboundPorts, workloadAt } from "./inbound/port.ts";
import { BLACKHOLE, PASSTHROUGH, serviceClusters, TUNNEL } from "./outbound/cluster.ts";
import { httpProxyListener, redirectedListeners, TUNNEL_LISTENER } from "./outbound/listener.ts";
import { nameTable } from "./outbound/name-table.ts";
import { httpProxyRoutes, portRoutes } from "./outbound/route.ts";
import type { OutboundTraffic } from "./outbound/unknown-host.ts";
import { internList, remember } from "../remember.ts";
import { askedAccess, withoutHttpProviders } from "./shared/asked-access.ts";
import { tokenCheck } from "./shared/tokens.ts";
import { type View, viewOf } from "./shared/view.ts";

export interface BuildOptions {
  /** What happens to redirected traffic for destinations that the mesh does not know. */
  readonly outboundTraffic: OutboundTraffic;
}

/** Everything that a proxy runs, given the mesh. Pure; what did not change since the snapshot before comes back as the same objects. */
export function buildProxy(snapshot: MeshSnapshot, proxy: ProxyIdentity, options: BuildOptions): ProxyIr {
  const subject = subjectOf(snapshot, proxy);
  const view = viewOf(snapshot, { ...subject, autoAddresses: proxy.kind === "gateway" ? undefined : proxy.autoAddresses });
  if (proxy.kind === "gateway") return buildGateway(snapshot, proxy, subject, view);
  const outside = outboundHalf(snapshot, view, proxy.interception, options.outboundTraffic);
  const inside = inboundHalf(snapshot, proxy, subject, view);
  const proxyListeners =
    proxy.interception === "none" && proxy.httpProxyPort !== undefined
      ? [ownHttpProxy(snapshot.settings, proxy.address, proxy.httpProxyPort)]
      : [];
  return {
    clusters: [...outside.clusters, ...inside.clusters],
    endpoints: outside.endpoints,
    listeners: [...inside.listeners, ...proxyListeners, ...outside.listeners],
    routes: outside.routes,
    names: outside.names,
  };
}

/** Whom policies select: the workload as the mesh declares it, else as the proxy describes itself. */
function subjectOf(snapshot: MeshSnapshot, proxy: ProxyIdentity): PolicySubject {
  return { namespace: proxy.namespace, labels: workloadAt(snapshot, proxy.namespace, proxy.address)?.labels ?? proxy.labels };
}

const outboundHalf = remember(
  (snapshot: MeshSnapshot, view: View, interception: ProxyIdentity["interception"], traffic: OutboundTraffic): ProxyIr => {
    const { clusters, endpoints } = serviceClusters(snapshot, view);
    const names = namesOf(snapshot, view);
    if (interception === "none") {
      return {
        clusters: [...clusters, BLACKHOLE, TUNNEL],
        endpoints,
        listeners: [TUNNEL_LISTENER],
        routes: [httpProxyRoutes(snapshot, view)],
        names,
      };
    }
    return {
      clusters: [...clusters, BLACKHOLE, PASSTHROUGH],
      endpoints,
      listeners: redirectedListeners(snapshot, view, traffic),
      routes: portRoutes(snapshot, view, traffic),
      names,
    };
  },
);

interface InboundHalf {
  readonly clusters: readonly Cluster[];
  readonly listeners: readonly Listener[];
}

function inboundHalf(snapshot: MeshSnapshot, proxy: ProxyIdentity, subject: PolicySubject, view: View): InboundHalf {
  const policies = accessPoliciesAt(snapshot, subject);
  const tokens = tokenCheck(snapshot, view, subject, proxy.kind);
  const checks = internList([...askedAccess(snapshot, view, policies), ...tokens.filters]);
  const guardOf = (port: number): InboundGuard => ({
    mesh: snapshot.settings,
    policies: withoutHttpProviders(snapshot, policies),
    checks,
    peerTls: peerTlsAt(snapshot, subject, port),
  });
  const ports = inboundPorts(snapshot, proxy.address);
  const app: AppReach = proxy.interception === "none" ? { kind: "address", address: proxy.appAddress } : { kind: "redirected" };
  const clusters = [...ports.map((port) => inboundCluster(port, app)), ...tokens.clusters];
  if (proxy.interception === "none") {
    return { clusters, listeners: ports.map((port) => boundListener(port, proxy.address, guardOf(port.number))) };
  }
  const guarded = ports.map((port) => ({ port, guard: guardOf(port.number) }));
  return { clusters: [...clusters, INBOUND_PASSTHROUGH], listeners: [virtualInbound(guarded, guardOf(0))] };
}

const ownHttpProxy = remember((_mesh: MeshSnapshot["settings"], address: string, port: number): Listener =>
  httpProxyListener(address, port),
);

function buildGateway(snapshot: MeshSnapshot, proxy: ProxyIdentity, subject: PolicySubject, view: View): ProxyIr {
  const { clusters, endpoints } = serviceClusters(snapshot, view);
  const policies = accessPoliciesAt(snapshot, subject);
  const tokens = tokenCheck(snapshot, view, subject, proxy.kind);
  const guard = {
    policies: withoutHttpProviders(snapshot, policies),
    checks: internList([...askedAccess(snapshot, view, policies), ...tokens.filters]),
  };
  const groups = serverGroups(snapshot, subject.labels, proxy.address);
  return {
    clusters: [...clusters, BLACKHOLE, ...tokens.clusters],
    endpoints,
    listeners: groups.flatMap((group) => gatewayListener(snapshot, view, group, guard) ?? []),
    routes: distinct(groups.flatMap((group) => gatewayRoutes(snapshot, view, group))),
    names: namesOf(snapshot, view),
  };
}

function namesOf({ services, workloads, settings }: MeshSnapshot, view: View): ProxyIr["names"] {
  return nameTable(services, workloads, settings, view);
}

/** Servers of one port at several addresses share the name of their route table; the first address's is the one. */
function distinct<Item extends { readonly name: string }>(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.toReversed().map((item) => [item.name, item])).values()].toReversed();
}
