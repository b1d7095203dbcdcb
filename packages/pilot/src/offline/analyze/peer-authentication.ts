import { describeOrigin, type Problem } from "@fairlead/kit";
import type { PeerAuthentication } from "../../model/access-policy.ts";
import { workloadPeerAuthentication } from "../../model/lookup/access-policy.ts";
import { type Analysis, collisions, describeLabels, describeList, portsOf, problem, selectedWorkloads } from "./analysis.ts";

/** What is strange about PeerAuthentications. */
export function* analyzePeerAuthentications({ snapshot }: Analysis): Iterable<Problem> {
  const { peerAuthentications, settings } = snapshot;
  const [wide, narrow] = [peerAuthentications.filter(isWide), peerAuthentications.filter((policy) => !isWide(policy))];
  for (const [later, earlier] of collisions(wide, ({ namespace }) => namespace))
    yield problem(
      "error",
      "conflicting-peer-authentications",
      later.origin,
      `${describeOrigin(earlier.origin)} holds for the whole ${later.namespace === settings.rootNamespace ? "mesh" : "namespace"} already: the policy here has no effect`,
      "keep one of them, or add a selector",
    );
  for (const policy of narrow) {
    // With its own namespace only, even in the root namespace: a selector never reaches beyond.
    const workloads = selectedWorkloads(snapshot, policy.namespace, policy.selector).filter(
      ({ namespace }) => namespace === policy.namespace,
    );
    if (workloads.length === 0) {
      const hint =
        policy.namespace === settings.rootNamespace
          ? "a selector in the root namespace does not reach other namespaces"
          : "correct the selector";
      yield problem(
        "warning",
        "no-matching-workloads",
        policy.origin,
        `no workload of namespace "${policy.namespace}" has the labels ${describeLabels(policy.selector)}`,
        hint,
      );
      continue;
    }
    const loser = workloads.find((workload) => workloadPeerAuthentication(snapshot, workload) !== policy);
    const winner = loser && workloadPeerAuthentication(snapshot, loser);
    if (loser !== undefined && winner !== undefined)
      yield problem(
        "error",
        "conflicting-peer-authentications",
        policy.origin,
        `${describeOrigin(winner.origin)} selects ${loser.name} already: there the policy here has no effect`,
        "make the selectors exclude each other",
      );
    const known = new Set(workloads.flatMap((workload) => portsOf(snapshot, workload).map(({ number }) => number)));
    const unknown = [...policy.byPort.keys()].filter((port) => !known.has(port));
    if (known.size > 0 && unknown.length > 0)
      yield problem(
        "warning",
        "unknown-port",
        policy.origin,
        `no selected workload listens on port ${describeList(unknown.map(String))}`,
        `they listen on ${describeList([...known].map(String))}; the port of the workload counts, not that of the service`,
      );
  }
  for (const policy of peerAuthentications) yield* strictProblems({ snapshot, policy });
}

/** Clients speak plain to a workload that does not say it speaks mutual TLS, and a proxy that insists on it refuses them. */
function* strictProblems({
  snapshot,
  policy,
}: {
  readonly snapshot: Analysis["snapshot"];
  readonly policy: PeerAuthentication;
}): Iterable<Problem> {
  if (policy.mode !== "strict") return;
  const plain = selectedWorkloads(snapshot, policy.namespace, policy.selector).filter(
    (workload) =>
      !workload.speaksMeshTls &&
      workload.serviceAccount !== "" &&
      portsOf(snapshot, workload).some(({ service }) => service.location === "mesh"),
  );
  if (plain.length > 0)
    yield problem(
      "warning",
      "strict-without-mesh-tls",
      policy.origin,
      `STRICT holds for ${describeList(plain.map(({ name }) => name))} too, to which clients speak plain: requests are refused`,
      "add the label security.istio.io/tlsMode: istio to the workload, or a PeerAuthentication that excepts it",
    );
}

function isWide(policy: PeerAuthentication): boolean {
  return Object.keys(policy.selector).length === 0;
}
