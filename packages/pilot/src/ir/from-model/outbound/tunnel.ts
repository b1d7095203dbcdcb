import { findMeshRule } from "../../../model/lookup/routing-rule.ts";
import { visibleServices } from "../../../model/lookup/service.ts";
import type { MeshSettings, MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { MESH_GATEWAY, type RoutingRule } from "../../../model/routing-rule.ts";
import type { Service, ServicePort } from "../../../model/service.ts";
import { NO_HEADER_OPERATIONS, type Route } from "../../route.ts";
import type { WeightedCluster } from "../../filter.ts";
import { type KnownHost, knownHost, knownHostsOf } from "../shared/destination.ts";
import { HTTP_PROXY_TUNNEL, joinHostPort } from "../shared/names.ts";
import { remember } from "../../remember.ts";
import { isRoutable } from "../shared/route.ts";
import { connectionClusters } from "../shared/connection.ts";
import type { View } from "../shared/view.ts";
import { type Candidate, domainsOf } from "./domains.ts";

/** Hands what a client speaks inside a CONNECT tunnel to the proxy itself, where it is routed like any request. */
export const TUNNEL_ROUTE: Route = connectRoute("tunnel", [{ name: HTTP_PROXY_TUNNEL, weight: 1 }], []);

/** Virtual hosts of the ports that speak something else than HTTP: a CONNECT goes straight to the service. */
export function tunnelHosts(snapshot: MeshSnapshot, view: View): readonly Candidate[] {
  return visibleServices(snapshot, view.namespace).flatMap((service) => {
    const rule = findMeshRule(snapshot, service.hostname, view.namespace);
    const hosts = rule === undefined ? [knownHost(snapshot, view, service.hostname)] : knownHostsOf(snapshot, view, rule);
    return service.ports
      .filter((port) => !isRoutable(port.protocol) && port.protocol !== "udp")
      .map((port) => tunnelHost(service, port, rule ?? NO_RULE, hosts, view, snapshot.settings));
  });
}

const NO_RULE = {};

const tunnelHost = remember(
  (
    service: Service,
    port: ServicePort,
    rule: RoutingRule | object,
    hosts: readonly KnownHost[],
    view: View,
    mesh: MeshSettings,
  ): Candidate => {
    const own = "tcp" in rule ? rule : undefined;
    const clusters = connectionClusters({ service, port, rule: own, hosts, view, gateway: MESH_GATEWAY });
    const { own: names, aliases } = domainsOf(service, { port: port.number, view, mesh });
    const hasPort = (name: string): boolean => name.endsWith(`:${port.number}`);
    const origins = own === undefined ? [service.origin] : [own.origin, service.origin];
    return {
      own: names.filter(hasPort),
      aliases: aliases.filter(hasPort),
      host: {
        name: joinHostPort(service.hostname, port.number),
        domains: [],
        routes: [connectRoute("tcp", clusters, origins)],
        requireTls: false,
        origins,
      },
    };
  },
);

function connectRoute(name: string, clusters: readonly WeightedCluster[], origins: Route["origins"]): Route {
  return {
    name,
    match: { path: { kind: "connect" }, headers: [], queryParameters: [], claims: [] },
    action: {
      kind: "forward",
      clusters: clusters.map((cluster) => ({ ...cluster, headers: NO_HEADER_OPERATIONS })),
      timeoutMs: 0,
      retry: undefined,
      rewrite: undefined,
      mirrors: [],
      hashKey: undefined,
      terminateConnect: true,
    },
    headers: NO_HEADER_OPERATIONS,
    fault: undefined,
    operation: undefined,
    origins,
  };
}
