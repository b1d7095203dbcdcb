import { didYouMean } from "@fairlead/crds";
import type { Problem } from "@fairlead/kit";
import { destinationsOf } from "../../model/from-config/references.ts";
import { peerTlsAt } from "../../model/lookup/access-policy.ts";
import { findService } from "../../model/lookup/service.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import type { Service } from "../../model/service.ts";
import type { ClientTls, PortSettings, Subset, TrafficPolicy } from "../../model/traffic-policy.ts";
import { selects } from "../../model/workload.ts";
import { type Analysis, describeLabels, describeList, problem, servicesCoveredBy } from "./analysis.ts";

/** What is strange about traffic policies (DestinationRules). */
export function* analyzeTrafficPolicies({ snapshot }: Analysis): Iterable<Problem> {
  for (const policy of snapshot.trafficPolicies) {
    const services = servicesCoveredBy(snapshot, policy.host);
    if (services.length === 0) {
      yield unknownHost(snapshot, policy);
      continue;
    }
    for (const subset of policy.subsets) yield* subsetProblems(snapshot, policy, subset, services);
    yield* portProblems(policy, services);
    for (const { tls } of tlsBlocks(policy)) if (tls !== undefined) yield* tlsProblems(snapshot, tls, services);
  }
}

function unknownHost(snapshot: MeshSnapshot, policy: TrafficPolicy): Problem {
  const meant = didYouMean(
    policy.host,
    [...snapshot.services.values()].map(({ hostname }) => hostname),
  );
  return problem(
    "warning",
    "unknown-host",
    policy.origin,
    `no service has the host "${policy.host}": the rule has no effect`,
    meant ?? "a short name stands for a service of the rule's own namespace; write the full name for one of another",
  );
}

function* subsetProblems(snapshot: MeshSnapshot, policy: TrafficPolicy, subset: Subset, services: readonly Service[]): Iterable<Problem> {
  const endpoints = services.flatMap((service) => [...(snapshot.endpoints.get(service.key)?.values() ?? [])].flat());
  const isEmpty = endpoints.length > 0 && !endpoints.some(({ workload }) => selects(subset.labels, workload.labels));
  if (isEmpty)
    yield problem(
      "warning",
      "subset-without-endpoints",
      subset.origin,
      `no endpoint of "${policy.host}" has the labels ${describeLabels(subset.labels)}: requests to subset "${subset.name}" are answered with 503`,
      valuesHint(
        subset,
        endpoints.map(({ workload }) => workload.labels),
      ),
    );
  const isNamed = snapshot.routingRules.some((rule) =>
    destinationsOf(rule).some(
      (destination) =>
        destination.subset === subset.name &&
        services.some((service) => service === findService(snapshot, destination.host, rule.namespace)),
    ),
  );
  if (!isNamed && differs(subset.settings, policy.settings))
    yield problem(
      "warning",
      "unused-subset-policy",
      subset.origin,
      `no route names subset "${subset.name}" of "${policy.host}": its trafficPolicy has no effect`,
      "name it in a VirtualService, or move the settings to the whole host",
    );
}

/** What the endpoints do have where one label is the mistake. */
function valuesHint(subset: Subset, labels: readonly Readonly<Record<string, string>>[]): string | undefined {
  for (const [key, value] of Object.entries(subset.labels)) {
    const values = [...new Set(labels.flatMap((map) => map[key] ?? []))];
    if (!values.includes(value))
      return values.length === 0 ? `none has a label "${key}"` : `their label "${key}" is ${describeList(values)}`;
  }
  return undefined;
}

function differs(own: PortSettings, whole: PortSettings): boolean {
  return (["loadBalancer", "connectionPool", "outlierDetection", "tls"] as const).some((block) => own[block] !== whole[block]);
}

function* portProblems(policy: TrafficPolicy, services: readonly Service[]): Iterable<Problem> {
  const known = new Set(services.flatMap((service) => service.ports.map(({ number }) => number)));
  const unknown = [...policy.settings.byPort.keys()].filter((number) => !known.has(number));
  if (unknown.length > 0)
    yield problem(
      "warning",
      "unknown-port",
      policy.origin,
      `portLevelSettings for port ${describeList(unknown.map(String))} have no effect: "${policy.host}" has no such port`,
      `its ports are ${describeList([...known].map(String))}; the port of the service counts, not that of the workload`,
    );
}

function tlsBlocks(policy: TrafficPolicy): readonly PortSettings[] {
  return [policy.settings, ...policy.settings.byPort.values()];
}

function* tlsProblems(snapshot: MeshSnapshot, tls: ClientTls, services: readonly Service[]): Iterable<Problem> {
  if (tls.insecureSkipVerify)
    yield problem(
      "warning",
      "no-server-verification",
      tls.origin,
      "insecureSkipVerify: the server may be anybody",
      "give caCertificates and subjectAltNames instead",
    );
  const workloads = services
    .filter(({ location }) => location === "mesh")
    .flatMap((service) => [...(snapshot.endpoints.get(service.key)?.values() ?? [])].flat().map((endpoint) => ({ service, ...endpoint })));
  const strict = workloads.find(({ workload, port }) => workload.speaksMeshTls && peerTlsAt(snapshot, workload, port).mode === "strict");
  if (tls.mode !== "istio-mutual" && strict !== undefined)
    yield problem(
      "error",
      "tls-conflict",
      tls.origin,
      `tls.mode ${tls.mode.toUpperCase()} takes mutual TLS of the mesh away from "${strict.service.hostname}", whose workload ${strict.workload.name} accepts nothing else: requests fail`,
      "remove tls: clients use mutual TLS by themselves where the server can",
    );
  const plain = workloads.find(({ workload }) => !workload.speaksMeshTls);
  if (tls.mode === "istio-mutual" && plain !== undefined)
    yield problem(
      "error",
      "tls-conflict",
      tls.origin,
      `tls.mode ISTIO_MUTUAL is demanded of "${plain.service.hostname}", but its workload ${plain.workload.name} does not speak it: requests fail`,
      "remove tls: clients use mutual TLS by themselves where the server can",
    );
}
