import { mostSpecific } from "../hostname.ts";
import { memoByKey } from "../memo.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import type { Subset, TrafficPolicy } from "../traffic-policy.ts";
import { isVisibleIn } from "../visibility.ts";
import { type Labels, selects } from "../workload.ts";

/** The client that asks. */
export interface PolicyClient {
  readonly namespace: string;
  readonly labels: Labels;
}

/**
 * The policy a client follows towards a host: looked for in the client's namespace, then the service's, then the root namespace; in the first that
 * has one, the most specific host; one for the client's own labels before one for all (DestinationRule lookup of Istio).
 */
export function findTrafficPolicy(
  snapshot: MeshSnapshot,
  service: { readonly hostname: string; readonly namespace: string },
  client: PolicyClient,
): TrafficPolicy | undefined {
  const { rootNamespace } = snapshot.settings;
  // What the root namespace gives to everybody is a default: for clients at home there it must not beat the service's own namespace.
  const isClientInRoot = client.namespace === rootNamespace;
  const near = policiesOf(snapshot.trafficPolicies, client.namespace).filter(
    (policy) => isSelected(policy, client) && !(isClientInRoot && policy.visibility.kind === "everywhere"),
  );
  return (
    closest(near, service.hostname) ??
    closest(exportedPolicies(snapshot, service.namespace, client), service.hostname) ??
    closest(exportedPolicies(snapshot, rootNamespace, client), service.hostname)
  );
}

export function findSubset(policy: TrafficPolicy | undefined, name: string): Subset | undefined {
  return policy?.subsets.find((subset) => subset.name === name);
}

function closest(policies: readonly TrafficPolicy[], hostname: string): TrafficPolicy | undefined {
  const forSome = policies.filter((policy) => policy.workloadSelector !== undefined);
  const forAll = policies.filter((policy) => policy.workloadSelector === undefined);
  return mostSpecific(forSome, hostname, (policy) => policy.host) ?? mostSpecific(forAll, hostname, (policy) => policy.host);
}

function exportedPolicies(snapshot: MeshSnapshot, namespace: string, client: PolicyClient): readonly TrafficPolicy[] {
  return policiesOf(snapshot.trafficPolicies, namespace).filter(
    (policy) =>
      isVisibleIn(policy.visibility, client.namespace) &&
      (policy.workloadSelector === undefined || (namespace === client.namespace && isSelected(policy, client))),
  );
}

function isSelected(policy: TrafficPolicy, client: PolicyClient): boolean {
  return policy.workloadSelector === undefined || selects(policy.workloadSelector, client.labels);
}

const policiesOf = memoByKey((policies: readonly TrafficPolicy[], namespace): readonly TrafficPolicy[] =>
  policies.filter((policy) => policy.namespace === namespace),
);
