import type { ConfigObject } from "@fairlead/crds";
import { describeOrigin, type Problem } from "@fairlead/kit";
import { resolveHost } from "../hostname.ts";
import type { MeshSettings } from "../mesh-snapshot.ts";
import type { Subset, TrafficPolicy } from "../traffic-policy.ts";
import type { Labels } from "../workload.ts";
import { completeSettings, NO_SETTINGS, toTrafficSettings } from "./traffic-settings.ts";
import { toVisibility } from "./visibility.ts";

type Rule = ConfigObject<"DestinationRule">;

/** Rules that are one: same namespace, host, audience and selector. */
export function groupKey(object: Rule, settings: MeshSettings): string {
  const { namespace, spec } = object;
  const visibility = toVisibility(spec.exportTo, namespace);
  const audience = visibility.kind === "everywhere" ? "*" : visibility.namespaces.toSorted().join(",");
  const selector = Object.entries(spec.workloadSelector?.matchLabels ?? {}).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([namespace, resolveHost(spec.host, namespace, settings.clusterDomain), audience, selector]);
}

/** DestinationRules of one group as one policy: subsets are put together, of everything else the first counts (Istio's merge). */
export function toTrafficPolicy(first: Rule, rest: readonly Rule[], settings: MeshSettings): TrafficPolicy {
  const all = [first, ...rest];
  const { namespace, spec } = first;
  const owner = all.find((object) => object.spec.trafficPolicy !== undefined);
  const whole =
    owner?.spec.trafficPolicy === undefined ? NO_SETTINGS : toTrafficSettings(owner, owner.spec.trafficPolicy, ["spec", "trafficPolicy"]);
  const subsets = new Map<string, Subset>();
  for (const object of all) {
    for (const [index, subset] of object.spec.subsets.entries()) {
      if (subsets.has(subset.name)) continue;
      const path = ["spec", "subsets", index];
      const own =
        subset.trafficPolicy === undefined ? NO_SETTINGS : toTrafficSettings(object, subset.trafficPolicy, [...path, "trafficPolicy"]);
      subsets.set(subset.name, {
        name: subset.name,
        labels: subset.labels,
        settings: completeSettings(whole, own),
        origin: object.originOf(path),
      });
    }
  }
  return {
    namespace,
    host: resolveHost(spec.host, namespace, settings.clusterDomain),
    visibility: toVisibility(spec.exportTo, namespace),
    workloadSelector: selectorOf(spec.workloadSelector?.matchLabels),
    settings: whole,
    subsets: [...subsets.values()],
    origin: first.origin,
    origins: all.map((object) => object.origin),
  };
}

/** What does not take effect because an earlier rule of the group says it already. */
export function findMergeConflicts(first: Rule, rest: readonly Rule[]): readonly Problem[] {
  const problems: Problem[] = [];
  let owner = first.spec.trafficPolicy === undefined ? undefined : first;
  const subsets = new Map(first.spec.subsets.map((subset) => [subset.name, first]));
  for (const object of rest) {
    if (object.spec.trafficPolicy !== undefined && owner !== undefined)
      problems.push(conflict(object, ["spec", "trafficPolicy"], `trafficPolicy for "${object.spec.host}" has no effect`, owner));
    owner ??= object.spec.trafficPolicy === undefined ? undefined : object;
    for (const [index, { name }] of object.spec.subsets.entries()) {
      const known = subsets.get(name);
      if (known === undefined) subsets.set(name, object);
      else problems.push(conflict(object, ["spec", "subsets", index], `subset "${name}" of "${object.spec.host}" has no effect`, known));
    }
  }
  return problems;
}

function conflict(object: Rule, path: readonly (string | number)[], message: string, owner: Rule): Problem {
  return {
    severity: "warning",
    code: "conflicting-destination-rules",
    message: `${message}: ${describeOrigin(owner.origin)} comes first`,
    hint: "write one DestinationRule for the host",
    origin: object.originOf(path),
  };
}

function selectorOf(labels: Labels | undefined): Labels | undefined {
  return labels === undefined || Object.keys(labels).length === 0 ? undefined : labels;
}
