import { memo } from "../../../model/memo.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { ProxyMatch, RoutingRule } from "../../../model/routing-rule.ts";
import type { AutoAddresses, Service } from "../../../model/service.ts";
import type { TrafficPolicy } from "../../../model/traffic-policy.ts";
import { type Labels, selects } from "../../../model/workload.ts";

/**
 * All that a proxy's outside depends on besides the mesh: proxies of one view share what is built for it. Views are interned, so the same view is
 * the same object in every snapshot.
 */
export interface View {
  readonly namespace: string;
  /** Only labels that some selector in the mesh looks at. */
  readonly labels: Labels;
  /** Hosts without an address have this one of their own to the application. */
  readonly autoAddresses: keyof AutoAddresses | undefined;
}

type Client = Omit<View, "autoAddresses"> & Partial<Pick<View, "autoAddresses">>;

const views = new Map<string, WeakRef<View>>();
const forget = new FinalizationRegistry<string>((key) => {
  if (views.get(key)?.deref() === undefined) views.delete(key);
});

export function viewOf(snapshot: MeshSnapshot, client: Client): View {
  const names = selectedLabels(snapshot);
  const labels = Object.fromEntries(
    names.flatMap((name) => (client.labels[name] === undefined ? [] : [[name, client.labels[name]] as const])),
  );
  const { namespace, autoAddresses } = client;
  const key = JSON.stringify([namespace, labels, autoAddresses]);
  const known = views.get(key)?.deref();
  if (known !== undefined) return known;
  const view = { namespace, labels, autoAddresses };
  views.set(key, new WeakRef(view));
  forget.register(view, key);
  return view;
}

/** Virtual addresses and CIDR blocks that mean a service to a client. */
export function addressesFor(service: Service, view: View): readonly string[] {
  const { addresses, autoAddresses } = service;
  const isTold = addresses.length === 0 && autoAddresses !== undefined && view.autoAddresses !== undefined;
  return isTold ? [autoAddresses[view.autoAddresses]] : addresses;
}

/**
 * Whether a condition on the proxy holds for the one of `view` that serves `gateway` (a gateway's key or `mesh`). Where gateways are named, labels and
 * namespace do not count (as in Istio).
 */
export function matchesProxy(match: ProxyMatch, view: View, gateway: string): boolean {
  if (match.gateways !== undefined && match.gateways.length > 0) return match.gateways.includes(gateway);
  return (match.namespace === undefined || match.namespace === view.namespace) && selects(match.labels, view.labels);
}

function selectedLabels(snapshot: MeshSnapshot): readonly string[] {
  return [...new Set([...ruleLabels(snapshot.routingRules), ...policyLabels(snapshot.trafficPolicies)])].toSorted();
}

const ruleLabels = memo((rules: readonly RoutingRule[]): readonly string[] => [
  ...new Set(rules.flatMap((rule) => proxyMatches(rule).flatMap((match) => Object.keys(match.labels)))),
]);

const policyLabels = memo((policies: readonly TrafficPolicy[]): readonly string[] => [
  ...new Set(policies.flatMap((policy) => Object.keys(policy.workloadSelector ?? {}))),
]);

function proxyMatches(rule: RoutingRule): readonly ProxyMatch[] {
  return [...rule.http, ...rule.tls, ...rule.tcp].flatMap((part) => part.matches.map((match) => match.proxies));
}
