import { didYouMean, type HttpRouteSpec } from "@fairlead/crds";
import type { Origin, Problem } from "@fairlead/kit";
import { ofKind } from "../../model/from-config/snapshot.ts";
import { hostCovers } from "../../model/hostname.ts";
import { serverHosts } from "../../model/lookup/gateway.ts";
import { findService, visibleServices } from "../../model/lookup/service.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import {
  type HttpMatch,
  type HttpRule,
  MESH_GATEWAY,
  type ProxyMatch,
  type RoutingRule,
  type StringMatch,
} from "../../model/routing-rule.ts";
import { isHttp } from "../../model/service.ts";
import { selects } from "../../model/workload.ts";
import { allWorkloads, type Analysis, describeLabels, problem } from "./analysis.ts";

/** What is strange about routing rules, each rule by itself. */
export function* analyzeRoutingRules({ snapshot, objects }: Analysis): Iterable<Problem> {
  for (const rule of snapshot.routingRules) {
    yield* gatewayHostProblems(snapshot, rule);
    yield* meshHostProblems(snapshot, rule);
    yield* protocolProblems(snapshot, rule);
    for (const http of rule.http) {
      yield* weightProblems(http);
      yield* timeProblems(http);
      for (const match of http.matches) yield* regexProblems(match);
    }
    const matches: readonly MatchPlace[] = [...rule.http, ...rule.tls, ...rule.tcp].flatMap((part): readonly MatchPlace[] => part.matches);
    for (const { proxies, origin } of matches) yield* proxyProblems(snapshot, proxies, origin);
  }
  for (const object of ofKind(objects, "VirtualService"))
    for (const [index, route] of object.spec.http.entries())
      yield* writtenProblems(route, (field) => object.originOf(["spec", "http", index, ...field]));
}

interface MatchPlace {
  readonly proxies: ProxyMatch;
  readonly origin: Origin;
}

/** A host that no server of a named gateway has cannot be asked for there. */
function* gatewayHostProblems(snapshot: MeshSnapshot, rule: RoutingRule): Iterable<Problem> {
  for (const key of rule.gateways) {
    const gateway = snapshot.gateways.get(key);
    if (gateway === undefined) continue;
    const bound = gateway.servers.flatMap((server) => serverHosts(snapshot, gateway, server).filter(({ rules }) => rules.includes(rule)));
    for (const host of rule.hosts) {
      if (bound.some((entry) => hostCovers(host, entry.host) || hostCovers(entry.host, host))) continue;
      const hosts = gateway.servers.flatMap((server) =>
        server.hosts.map(({ namespace, hostname }) => (namespace === undefined ? hostname : `${namespace}/${hostname}`)),
      );
      yield problem(
        "warning",
        "host-not-in-gateway",
        rule.origin,
        `no server of Gateway "${key}" takes host "${host}": the rules have no effect there`,
        `its hosts are ${hosts.join(", ")}`,
      );
    }
  }
}

function* meshHostProblems(snapshot: MeshSnapshot, rule: RoutingRule): Iterable<Problem> {
  if (!rule.gateways.includes(MESH_GATEWAY)) return;
  const known = visibleServices(snapshot, rule.namespace).map(({ hostname }) => hostname);
  for (const host of rule.hosts) {
    if (known.some((hostname) => hostCovers(host, hostname) || hostCovers(hostname, host))) continue;
    const meant = didYouMean(host, known);
    yield problem(
      meant === undefined ? "info" : "warning",
      "host-without-service",
      rule.origin,
      `no service has the host "${host}" that this rule is for`,
      meant ?? "clients can ask for it only by the Host header at a port that another service has",
    );
  }
}

/** Rules for requests on ports that carry none, or the other way round. */
function* protocolProblems(snapshot: MeshSnapshot, rule: RoutingRule): Iterable<Problem> {
  if (!rule.gateways.includes(MESH_GATEWAY)) return;
  const ports = rule.hosts.flatMap((host) => findService(snapshot, host, rule.namespace)?.ports ?? []);
  if (ports.length === 0 || ports.some(({ protocol }) => protocol === "auto")) return;
  const [firstHttp] = rule.http;
  const [firstTcp] = rule.tcp;
  const names = [...new Set(ports.map(({ protocol }) => protocol))].join(", ");
  if (firstHttp !== undefined && !ports.some(({ protocol }) => isHttp(protocol)))
    yield problem(
      "warning",
      "rule-protocol-mismatch",
      firstHttp.origin,
      `no port of "${rule.hosts.join(", ")}" speaks HTTP (${names}): http rules have no effect`,
      "use tcp or tls, or correct the protocol of the ports",
    );
  if (firstTcp !== undefined && ports.every(({ protocol }) => isHttp(protocol)))
    yield problem(
      "warning",
      "rule-protocol-mismatch",
      firstTcp.origin,
      `all ports of "${rule.hosts.join(", ")}" speak HTTP: tcp rules have no effect`,
      "use http, or correct the protocol of the ports",
    );
}

function* weightProblems({ action }: HttpRule): Iterable<Problem> {
  if (action.kind !== "route" || action.destinations.length < 2) return;
  const total = action.destinations.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 100) return;
  const shares = action.destinations.map(
    ({ destination, weight }) => `${Number(((weight / total) * 100).toFixed(2))}% to ${destination.subset ?? destination.host}`,
  );
  const [first] = action.destinations;
  if (first !== undefined)
    yield problem("info", "weights-sum", first.origin, `the weights add up to ${total}, not 100: they mean ${shares.join(", ")}`);
}

function* timeProblems({ retries, timeoutMs }: HttpRule): Iterable<Problem> {
  if (retries === undefined || retries.attempts === 0 || timeoutMs === 0) return;
  if (retries.perTryTimeoutMs >= timeoutMs)
    yield problem(
      "warning",
      "timeout-before-retry",
      retries.origin,
      `perTryTimeout (${retries.perTryTimeoutMs}ms) is not shorter than the timeout of all tries (${timeoutMs}ms): a slow try is never followed by another`,
      "make perTryTimeout shorter, or timeout longer",
    );
}

/** Things that defaults make of what is written. */
function* writtenProblems(route: HttpRouteSpec, originOf: (field: readonly string[]) => Origin): Iterable<Problem> {
  const { retries, fault } = route;
  if (retries !== undefined && retries.attempts === undefined)
    yield problem(
      "warning",
      "retries-without-attempts",
      originOf(["retries"]),
      "retries without attempts means no retries",
      "add attempts",
    );
  for (const kind of ["delay", "abort"] as const) {
    const part = fault?.[kind];
    const isSaid = part?.percentage !== undefined || (kind === "delay" && fault?.delay?.percent !== undefined);
    if (part !== undefined && !isSaid)
      yield problem(
        "warning",
        "fault-never-happens",
        originOf(["fault", kind]),
        `${kind} without percentage happens to 0% of the requests`,
        "add percentage: {value: …}",
      );
  }
}

const MATCHES_ALL = /^\^?(\.\*|\/\.\*|\(\.\*\)|\.\+|\/\.\+)\$?$/;

function* regexProblems(match: HttpMatch): Iterable<Problem> {
  const named = (["uri", "authority", "method", "scheme"] as const).map((field) => [field, match[field]] as const);
  const values = [...named, ...[...match.headers, ...match.queryParams].map(({ name, match: value }) => [name, value] as const)];
  for (const [field, value] of values) {
    const regex = regexOf(value);
    if (regex === undefined) continue;
    if (MATCHES_ALL.test(regex))
      yield problem(
        "warning",
        "broad-regex",
        match.origin,
        `regex "${regex}" of ${field} matches everything`,
        field === "uri" ? "use prefix: / or leave the condition out" : "leave the condition out, or use {} to ask that it be there",
      );
    else if (field === "authority" && /[a-z0-9]\.[a-z]/i.test(regex) && !regex.includes("\\."))
      yield problem(
        "info",
        "regex-dot",
        match.origin,
        `in regex "${regex}" of ${field} each "." matches any character`,
        String.raw`write \. for a dot`,
      );
  }
}

function regexOf(match: StringMatch | undefined): string | undefined {
  return match?.kind === "regex" ? match.value : undefined;
}

function* proxyProblems(snapshot: MeshSnapshot, proxies: ProxyMatch, origin: Origin): Iterable<Problem> {
  if (Object.keys(proxies.labels).length === 0 && proxies.namespace === undefined) return;
  const isSomebody = allWorkloads(snapshot).some(
    (workload) => selects(proxies.labels, workload.labels) && (proxies.namespace === undefined || workload.namespace === proxies.namespace),
  );
  if (isSomebody) return;
  const where = proxies.namespace === undefined ? "" : ` in namespace "${proxies.namespace}"`;
  const what = Object.keys(proxies.labels).length === 0 ? "" : ` with the labels ${describeLabels(proxies.labels)}`;
  yield problem(
    "warning",
    "no-matching-workloads",
    origin,
    `this match is for clients${what}${where}, and there are none`,
    "correct sourceLabels or sourceNamespace",
  );
}
