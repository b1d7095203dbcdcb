import { describeOrigin, type Problem } from "@fairlead/kit";
import type { Gateway, GatewayServer } from "../../model/gateway.ts";
import { serverHosts } from "../../model/lookup/gateway.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import { isHttp } from "../../model/service.ts";
import { selects } from "../../model/workload.ts";
import { type Analysis, describeLabels, problem } from "./analysis.ts";

/** What is strange about gateways and the servers that one workload would run together. */
export function* analyzeGateways({ snapshot }: Analysis): Iterable<Problem> {
  for (const gateway of snapshot.gateways.values()) {
    const runs = [...snapshot.workloads.values()].some((workload) => selects(gateway.selector, workload.labels));
    if (!runs)
      yield problem(
        "warning",
        "no-matching-workloads",
        gateway.origin,
        `no workload runs this gateway: none has the labels ${describeLabels(gateway.selector)}`,
        "correct selector, or add a WorkloadEntry with these labels",
      );
    const isUsed = gateway.servers.some(
      (server) => server.tls?.httpsRedirect === true || serverHosts(snapshot, gateway, server).length > 0,
    );
    if (!isUsed && gateway.servers.length > 0)
      yield problem(
        "warning",
        "unused-gateway",
        gateway.origin,
        "no VirtualService routes for this gateway: every request is answered with 404",
        `add a VirtualService with gateways: [${gateway.key}] and a host of the servers`,
      );
  }
  yield* conflictingServers(snapshot);
}

interface Place {
  readonly gateway: Gateway;
  readonly server: GatewayServer;
}

/** Of servers that one workload runs on one port, all plain HTTP ones are merged; TLS ones have to differ in their hosts. */
function* conflictingServers(snapshot: MeshSnapshot): Iterable<Problem> {
  const places = [...snapshot.gateways.values()].flatMap((gateway) => gateway.servers.map((server): Place => ({ gateway, server })));
  for (const [index, place] of places.entries()) {
    const rival = places.slice(0, index).find((earlier) => sameListener(snapshot, earlier, place) && clash(earlier.server, place.server));
    if (rival === undefined) continue;
    yield problem(
      "error",
      "conflicting-servers",
      place.server.origin,
      `port ${place.server.port.number} is taken by a server of ${describeOrigin(rival.server.origin)}: ${reasonOf(rival.server, place.server)}; the server here is left out`,
      "use another port or bind, or other hosts",
    );
  }
}

function sameListener(snapshot: MeshSnapshot, left: Place, right: Place): boolean {
  const samePlace = left.server.port.number === right.server.port.number && (left.server.bind ?? "") === (right.server.bind ?? "");
  if (!samePlace) return false;
  return [...snapshot.workloads.values()].some(
    ({ labels }) => selects(left.gateway.selector, labels) && selects(right.gateway.selector, labels),
  );
}

function clash(left: GatewayServer, right: GatewayServer): boolean {
  if (isPlainHttp(left) && isPlainHttp(right)) return false;
  const bothTls = isTls(left) && isTls(right);
  if (!bothTls) return true;
  return left.hosts.some((a) => right.hosts.some((b) => a.hostname === b.hostname));
}

function reasonOf(left: GatewayServer, right: GatewayServer): string {
  if (isTls(left) && isTls(right)) return "both serve the same host by TLS";
  return `one port cannot speak both ${left.port.protocol} and ${right.port.protocol}`;
}

function isPlainHttp(server: GatewayServer): boolean {
  return isHttp(server.port.protocol);
}

function isTls(server: GatewayServer): boolean {
  return server.port.protocol === "https" || server.port.protocol === "tls";
}
