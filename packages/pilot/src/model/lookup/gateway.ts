import { memoByKey } from "../memo.ts";
import { hostCovers } from "../hostname.ts";
import type { Gateway, GatewayServer } from "../gateway.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import type { RoutingRule } from "../routing-rule.ts";
import { isVisibleIn } from "../visibility.ts";
import { type Labels, selects } from "../workload.ts";

/** Gateways that a workload with these labels runs, in order of definition. */
export function gatewaysOf(snapshot: MeshSnapshot, labels: Labels): readonly Gateway[] {
  return [...snapshot.gateways.values()].filter((gateway) => selects(gateway.selector, labels));
}

/** A name that a server answers to, and the rules that route it: concatenated in order of definition. */
export interface ServerHost {
  readonly host: string;
  readonly rules: readonly RoutingRule[];
}

/** Hosts of the routing rules that are bound to `server`: each narrowed to what both the rule and the server name. */
export function serverHosts(snapshot: MeshSnapshot, gateway: Gateway, server: GatewayServer): readonly ServerHost[] {
  const rulesByHost = new Map<string, RoutingRule[]>();
  for (const rule of rulesOf(snapshot.routingRules, gateway.key)) {
    for (const host of new Set(rule.hosts.flatMap((ruleHost) => commonHosts(gateway, server, rule, ruleHost)))) {
      const rules = rulesByHost.get(host);
      if (rules === undefined) rulesByHost.set(host, [rule]);
      else rules.push(rule);
    }
  }
  return [...rulesByHost].map(([host, rules]) => ({ host, rules }));
}

function commonHosts(gateway: Gateway, server: GatewayServer, rule: RoutingRule, ruleHost: string): readonly string[] {
  return server.hosts.flatMap((serverHost) => {
    const isBound =
      (serverHost.namespace === undefined || serverHost.namespace === rule.namespace) && isVisibleIn(rule.visibility, gateway.namespace);
    if (!isBound) return [];
    if (hostCovers(serverHost.hostname, ruleHost)) return [ruleHost];
    return hostCovers(ruleHost, serverHost.hostname) ? [serverHost.hostname] : [];
  });
}

const rulesOf = memoByKey((rules: readonly RoutingRule[], gatewayKey): readonly RoutingRule[] =>
  rules.filter((rule) => rule.gateways.includes(gatewayKey)),
);
