import type { LocalityBalancing, PortSettings } from "../../../model/traffic-policy.ts";
import { type Locality, topologyLabels } from "../../../model/workload.ts";
import type { Endpoint, LocalityEndpoints } from "../../endpoint.ts";
import type { View } from "../shared/view.ts";

/** How clients prefer endpoints by where they are (Istio's `localityLbSetting`): a text that is equal where the answer would be, empty for no preference. */
export function localityPlan(settings: PortSettings, view: View): string {
  const balancing = settings.locality ?? BY_DEFAULT;
  if (!balancing.isEnabled) return "";
  // Without ejecting, nothing would ever make clients turn to lower priorities.
  if (balancing.distribute.length === 0 && settings.outlierDetection === undefined) return "";
  const labels = Object.fromEntries(balancing.failoverPriority.map((entry) => wantedLabel(entry, view.labels)));
  const plan: Plan = { balancing, from: view.locality ?? NOWHERE, labels };
  return JSON.stringify(plan);
}

/** Whether localities have weights of their own, which the balancing by request counts would not respect otherwise. */
export function isLocalityWeighted({ locality, outlierDetection }: PortSettings): boolean {
  if (locality === undefined || !locality.isEnabled) return false;
  if (locality.distribute.length > 0) return true;
  return outlierDetection !== undefined && locality.failover.length + locality.failoverPriority.length > 0;
}

/** Groups of endpoints with the weights and priorities of a plan. */
export function applyPlan(groups: readonly LocalityEndpoints[], planText: string): readonly LocalityEndpoints[] {
  if (planText === "") return groups;
  const { balancing, from, labels }: Plan = JSON.parse(planText);
  if (balancing.distribute.length > 0) return distribute(groups, balancing, from);
  if (balancing.failoverPriority.length === 0) return failOver(groups, balancing, from);
  const ranked = withoutGaps(groups.flatMap((group) => splitByLabels(group, balancing.failoverPriority, labels)));
  return balancing.failover.length === 0 ? ranked : failOver(ranked, balancing, from);
}

/** Mesh-wide default of Istio: failing over to the next locality, where endpoints are ejected at all. */
const BY_DEFAULT: LocalityBalancing = { isEnabled: true, distribute: [], failover: [], failoverPriority: [] };
const NOWHERE: Locality = { region: "", zone: "", subzone: "" };

interface Plan {
  readonly balancing: LocalityBalancing;
  readonly from: Locality;
  /** Values that endpoints should have, of the labels of `failoverPriority`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** `label`: the client's own value is wanted; `label=value`: that one. */
function wantedLabel(entry: string, own: View["labels"]): readonly [name: string, value: string] {
  const [name = "", ...value] = entry.split("=");
  return [name, value.length === 1 ? (value[0] ?? "") : (own[name] ?? "")];
}

/** The shares that the first entry for the client's locality gives to others; what no entry names gets nothing. */
function distribute(
  groups: readonly LocalityEndpoints[],
  { distribute: entries }: LocalityBalancing,
  from: Locality,
): readonly LocalityEndpoints[] {
  const entry = entries.find((candidate) => matches(from, candidate.from));
  if (entry === undefined) return groups;
  const weights = new Map<LocalityEndpoints, number>();
  for (const [to, share] of Object.entries(entry.to)) {
    const meant = groups.filter((group) => !weights.has(group) && matches(group.locality ?? NOWHERE, to));
    const total = meant.reduce((sum, group) => sum + weightOf(group), 0);
    // A share for nobody is no share; a locality that is meant never gets less than one.
    for (const group of meant) weights.set(group, share === 0 ? weightOf(group) : Math.ceil((weightOf(group) * share) / total));
  }
  return groups.flatMap((group) => {
    const weight = weights.get(group);
    return weight === undefined ? [] : [{ ...group, weight }];
  });
}

/** `region`, `region/zone` or `region/zone/subzone`, each of which may be `*`. */
function matches(locality: Locality, rule: string): boolean {
  const [region = "", zone = "", subzone = ""] = rule.split("/");
  return fits(region, locality.region) && (zone === "" || fits(zone, locality.zone)) && (subzone === "" || fits(subzone, locality.subzone));
}

function fits(wanted: string, value: string): boolean {
  return wanted === "*" || wanted === value;
}

/** How many kinds of distance there are. */
const DISTANCES = 5;

/** The nearer, the higher the priority; between regions an entry for the client's says which comes next. */
function failOver(groups: readonly LocalityEndpoints[], { failover }: LocalityBalancing, from: Locality): readonly LocalityEndpoints[] {
  const next = failover.find((entry) => entry.from === from.region)?.to;
  return withoutGaps(
    groups.map((group) => {
      const near = distance(from, group.locality ?? NOWHERE);
      const isLast = near === DISTANCES - 2 && next !== undefined && group.locality?.region !== next;
      return { ...group, priority: group.priority * DISTANCES + (isLast ? DISTANCES - 1 : near) };
    }),
  );
}

function distance(left: Locality, right: Locality): number {
  if (left.region !== right.region) return 3;
  if (left.zone !== right.zone) return 2;
  return left.subzone === right.subzone ? 0 : 1;
}

/** Clients in another network are reached through a gateway, so the network alone decides nothing when it comes first. */
const NETWORK = "topology.istio.io/network";

/** The more of the labels match, in their order, the higher the priority. */
function splitByLabels(group: LocalityEndpoints, entries: readonly string[], wanted: Plan["labels"]): readonly LocalityEndpoints[] {
  const names = entries.map((entry) => entry.split("=")[0] ?? "");
  const rankOf = (endpoint: Endpoint): number => {
    const labels = { ...endpoint.workload.labels, ...topologyLabels(endpoint.workload) };
    const differs = (name: string): boolean => (wanted[name] ?? "") !== (labels[name] ?? "");
    const isFar = entries[0] === NETWORK && differs(NETWORK);
    const first = names.findIndex((name, index) => !(isFar && index === 0) && differs(name));
    return (first < 0 ? 0 : names.length - first) + (isFar ? names.length : 0);
  };
  return [...Map.groupBy(group.endpoints, rankOf)]
    .toSorted(([left], [right]) => left - right)
    .map(([priority, endpoints]) => ({ ...group, endpoints, priority }));
}

/** Priorities have to follow each other from 0 on. */
function withoutGaps(groups: readonly LocalityEndpoints[]): readonly LocalityEndpoints[] {
  const used = [...new Set(groups.map(({ priority }) => priority))].toSorted((left, right) => left - right);
  return groups.map((group) => ({ ...group, priority: used.indexOf(group.priority) }));
}

function weightOf(group: LocalityEndpoints): number {
  return group.weight ?? group.endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
}
