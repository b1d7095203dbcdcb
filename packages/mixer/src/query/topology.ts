import type { TopologyAnswer, TopologyEdge, TopologyNode } from "@fairlead/api";
import type { ReporterChoice } from "../aggregate/coverage.ts";
import { addToHistogram } from "../histogram.ts";
import type { RequestSum, SelectedSeries, TcpSum } from "../store/store.ts";
import { type LabelValues, UNKNOWN } from "./filter.ts";
import { activeSeries, EMPTY_SUM, type QuerySources, selectSeries, type Sum, toStatistics } from "./requests.ts";
import { rangeSeconds, type TimeRange, toRange } from "./range.ts";

export interface TopologyParameters {
  readonly namespace?: string | undefined;
  readonly reporter: ReporterChoice;
  readonly level: "workload" | "service";
}

type NodeFacts = Omit<TopologyNode, "inbound">;

interface EdgeFacts {
  readonly source: string;
  readonly target: string;
  readonly protocols: Set<string>;
}

/** Answers GET /api/v1/topology: who calls whom, with what result. */
export async function queryTopology(sources: QuerySources, range: TimeRange, parameters: TopologyParameters): Promise<TopologyAnswer> {
  const nodes = new Map<string, NodeFacts>();
  const edges: EdgeFacts[] = [];
  const groups = new Map<string, number>();
  const requests: SelectedSeries[] = [];
  const tcp: SelectedSeries[] = [];
  for (const { series, values } of await activeSeries(sources, range, parameters.reporter)) {
    if (
      parameters.namespace !== undefined &&
      values.sourceNamespace !== parameters.namespace &&
      values.destinationNamespace !== parameters.namespace
    )
      continue;
    const source = sourceNode(values, parameters.level);
    const target = targetNode(values, parameters.level);
    for (const node of [source, target]) if (!nodes.has(node.id)) nodes.set(node.id, node);
    const key = JSON.stringify([source.id, target.id]);
    let group = groups.get(key);
    if (group === undefined) {
      group = edges.length;
      groups.set(key, group);
      edges.push({ source: source.id, target: target.id, protocols: new Set() });
    }
    edges[group]?.protocols.add(values.protocol);
    (series.labels.kind === "request" ? requests : tcp).push(selectSeries(series, group));
  }
  const requestSums = new Map((await sources.store.sumRequests({ ...range, series: requests })).map((sum) => [sum.group, sum]));
  const tcpSums = new Map((await sources.store.sumTcp({ ...range, series: tcp })).map((sum) => [sum.group, sum]));
  const seconds = rangeSeconds(range);
  return {
    range: toRange(range),
    nodes: [...nodes.values()]
      .map((node) => ({ ...node, inbound: toStatistics(sumInbound(node.id, edges, requestSums), seconds) }))
      .toSorted(byId),
    edges: edges.map((edge, group) => toEdge(edge, requestSums.get(group), tcpSums.get(group), seconds)),
  };
}

function sourceNode(values: LabelValues, level: TopologyParameters["level"]): NodeFacts {
  const {
    sourceWorkload: workload,
    sourceNamespace: namespace,
    sourceService: service,
    sourceVersion: version,
    sourcePrincipal: principal,
  } = values;
  return toNode({ workload, namespace, service, version, principal }, level) ?? unknownNode(principal, namespace);
}

function targetNode(values: LabelValues, level: TopologyParameters["level"]): NodeFacts {
  const {
    destinationWorkload: workload,
    destinationNamespace: namespace,
    destinationService: service,
    destinationVersion: version,
    destinationPrincipal: principal,
  } = values;
  const node = toNode({ workload, namespace, service, version, principal }, level);
  if (node !== undefined) return node;
  const host = values.destinationHost;
  if (host === UNKNOWN) return unknownNode(principal, namespace);
  return { id: `host:${host}`, kind: "host", name: host, namespace, service: UNKNOWN, version: UNKNOWN, principal };
}

interface Names {
  readonly workload: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly principal: string;
}

function toNode(names: Names, level: TopologyParameters["level"]): NodeFacts | undefined {
  const { workload, namespace, service, version, principal } = names;
  // Where several workloads share an identity only their service is known: a node of its own kind, on either level.
  if (service !== UNKNOWN && (level === "service" || workload === UNKNOWN)) {
    return { id: `service:${namespace}/${service}`, kind: "service", name: service, namespace, service, version: UNKNOWN, principal };
  }
  if (workload === UNKNOWN) return undefined;
  return { id: `workload:${namespace}/${workload}`, kind: "workload", name: workload, namespace, service, version, principal };
}

function unknownNode(principal: string, namespace: string): NodeFacts {
  // An identity without a reporting workload is still someone in particular.
  const id = principal === UNKNOWN ? UNKNOWN : `unknown:${principal}`;
  return { id, kind: "unknown", name: principal, namespace, service: UNKNOWN, version: UNKNOWN, principal };
}

function sumInbound(id: string, edges: readonly EdgeFacts[], sums: ReadonlyMap<number, RequestSum>): Sum {
  const histogram = new Map<number, number>();
  const total = { ...EMPTY_SUM, histogram };
  edges.forEach((edge, group) => {
    const sum = sums.get(group);
    if (edge.target !== id || sum === undefined) return;
    for (const name of ["count", "errors", "mutualTls", "knownSecurity", "requestBytes", "responseBytes"] as const)
      total[name] += sum[name];
    addToHistogram(histogram, sum.histogram);
  });
  return total;
}

function toEdge(edge: EdgeFacts, requests: RequestSum | undefined, tcp: TcpSum | undefined, seconds: number): TopologyEdge {
  const { opened, closed, receivedBytes, sentBytes } = tcp ?? { opened: 0, closed: 0, receivedBytes: 0, sentBytes: 0 };
  return {
    source: edge.source,
    target: edge.target,
    protocols: [...edge.protocols].toSorted(),
    ...toStatistics(requests ?? EMPTY_SUM, seconds),
    tcp: { opened, closed, receivedBytes, sentBytes },
  };
}

function byId(a: NodeFacts, b: NodeFacts): number {
  return a.id.localeCompare(b.id);
}
