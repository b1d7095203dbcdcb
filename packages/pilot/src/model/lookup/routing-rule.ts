import { mostSpecific } from "../hostname.ts";
import { memo, memoByKey } from "../memo.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import { MESH_GATEWAY, type RoutingRule } from "../routing-rule.ts";
import { isVisibleIn } from "../visibility.ts";

/** A host and the one rule that sidecars follow for it: rules of sidecars are never merged. */
export interface HostRule {
  readonly host: string;
  readonly rule: RoutingRule;
}

/**
 * Hosts that rules of the sidecars of `namespace` name. For each the namespace's own rule wins, then one exported to it by name, then one exported to
 * all; the earlier of two equals. The same array while no rule changes.
 */
export function meshHostRules(snapshot: MeshSnapshot, namespace: string): readonly HostRule[] {
  return hostRulesIn(snapshot.routingRules, namespace);
}

/** The rule that sidecars of `namespace` follow for a full host name: of that name, else of the closest wildcard. */
export function findMeshRule(snapshot: MeshSnapshot, host: string, namespace: string): RoutingRule | undefined {
  const { byHost, wildcards } = indexOf(meshHostRules(snapshot, namespace));
  return (byHost.get(host) ?? mostSpecific(wildcards, host, (entry) => entry.host))?.rule;
}

/** A mesh has as many rules as services: each service must not look at all of them. */
const indexOf = memo((entries: readonly HostRule[]) => ({
  byHost: new Map(entries.map((entry) => [entry.host, entry])),
  wildcards: entries.filter((entry) => entry.host.startsWith("*")),
}));

const hostRulesIn = memoByKey((rules: readonly RoutingRule[], namespace): readonly HostRule[] => {
  const visible = rules.filter((rule) => rule.gateways.includes(MESH_GATEWAY) && isVisibleIn(rule.visibility, namespace));
  const byHost = new Map<string, RoutingRule>();
  for (const nearness of [0, 1, 2]) {
    for (const rule of visible) {
      if (nearnessOf(rule, namespace) !== nearness) continue;
      for (const host of rule.hosts) if (!byHost.has(host)) byHost.set(host, rule);
    }
  }
  return [...byHost].map(([host, rule]) => ({ host, rule }));
});

function nearnessOf(rule: RoutingRule, namespace: string): number {
  if (rule.namespace === namespace) return 0;
  return rule.visibility.kind === "namespaces" ? 1 : 2;
}
