import { didYouMean } from "@fairlead/crds";
import type { Problem } from "@fairlead/kit";
import type { AccessPolicy, AccessRule, PatternList, StringPattern } from "../../model/access-policy.ts";
import { peerTlsAt, requestAuthenticationsAt } from "../../model/lookup/access-policy.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import { isHttp } from "../../model/service.ts";
import type { Workload } from "../../model/workload.ts";
import { allWorkloads, type Analysis, describeLabels, describeList, portsOf, problem, selectedWorkloads } from "./analysis.ts";

/** What is strange about access policies: above all what denies or allows more than it looks like. */
export function* analyzeAccessPolicies({ snapshot }: Analysis): Iterable<Problem> {
  for (const policy of snapshot.accessPolicies) {
    const workloads = selectedWorkloads(snapshot, policy.namespace, policy.selector);
    if (workloads.length === 0) {
      yield nobodySelected(snapshot, policy);
      continue;
    }
    yield* scopeProblems(policy, workloads);
    for (const rule of policy.rules) {
      yield* valueProblems(snapshot, policy, rule);
      yield* portProblems(snapshot, policy, rule, workloads);
      yield* protocolProblems(snapshot, policy, rule, workloads);
      yield* identityProblems(snapshot, policy, rule, workloads);
      yield* tokenProblems(snapshot, rule, workloads);
    }
  }
}

function nobodySelected(snapshot: MeshSnapshot, policy: AccessPolicy): Problem {
  const hasSelector = Object.keys(policy.selector).length > 0;
  const message = hasSelector
    ? `no workload of namespace "${policy.namespace}" has the labels ${describeLabels(policy.selector)}: the policy protects nothing`
    : `there is no workload in namespace "${policy.namespace}": the policy protects nothing`;
  const elsewhere = allWorkloads(snapshot).filter(
    (workload) => hasSelector && Object.entries(policy.selector).every(([key, value]) => workload.labels[key] === value),
  );
  const namespaces = [...new Set(elsewhere.map(({ namespace }) => namespace))];
  const hint =
    namespaces.length === 0
      ? "correct the selector"
      : `there are such workloads in namespace ${describeList(namespaces)}: a policy holds in its own namespace only`;
  return problem("warning", "no-matching-workloads", policy.origin, message, hint);
}

function* scopeProblems(policy: AccessPolicy, workloads: readonly Workload[]): Iterable<Problem> {
  const whom = describeList([...new Set(workloads.map(({ name }) => name))]);
  if (policy.action === "allow" && policy.rules.length === 0)
    yield problem(
      "info",
      "denies-everything",
      policy.origin,
      `an ALLOW policy without rules denies every request to ${whom} that no other policy allows`,
      "write rules: [{}] to allow everything",
    );
  for (const rule of policy.rules) {
    if (rule.from.length + rule.to.length + rule.when.length > 0) continue;
    if (policy.action === "deny") yield problem("info", "denies-everything", rule.origin, `this rule denies every request to ${whom}`);
    else if (policy.rules.length > 1)
      yield problem(
        "warning",
        "allows-everything",
        rule.origin,
        "this rule allows every request, so the others of the policy have no effect",
        "remove it, or say whom it is for",
      );
  }
}

/** Values that cannot match whatever the request. */
function* valueProblems(snapshot: MeshSnapshot, policy: AccessPolicy, rule: AccessRule): Iterable<Problem> {
  for (const { principals, namespaces, origin } of rule.from) {
    for (const pattern of principals.any) yield* principalProblems(snapshot, pattern, origin);
    const known = new Set(allWorkloads(snapshot).map(({ namespace }) => namespace));
    for (const pattern of namespaces.any)
      if (pattern.kind === "exact" && !known.has(pattern.value))
        yield problem(
          "warning",
          "unknown-source",
          origin,
          `no workload is in namespace "${pattern.value}"`,
          didYouMean(pattern.value, known) ?? "the rule never matches by it",
        );
  }
  for (const { methods, paths, origin } of rule.to) {
    for (const pattern of methods.any)
      if (pattern.kind === "exact" && pattern.value !== pattern.value.toUpperCase())
        yield problem(
          "warning",
          "never-matches",
          origin,
          `method "${pattern.value}" never matches: methods are compared as written`,
          `write ${pattern.value.toUpperCase()}`,
        );
    for (const pattern of paths.any)
      if ((pattern.kind === "exact" || pattern.kind === "prefix") && !pattern.value.startsWith("/"))
        yield problem(
          "warning",
          "never-matches",
          origin,
          `path "${pattern.value}" never matches: every path begins with "/"`,
          `write "/${pattern.value}"`,
        );
  }
  if (policy.action === "allow" && contradicts(rule))
    yield problem(
      "warning",
      "never-matches",
      rule.origin,
      "principals and namespaces of this source contradict each other",
      "each field of a source has to match",
    );
}

function* principalProblems(snapshot: MeshSnapshot, pattern: StringPattern, origin: Problem["origin"]): Iterable<Problem> {
  if (pattern.kind !== "exact") return;
  const principal = pattern.value;
  if (principal.startsWith("spiffe://")) {
    yield problem(
      "warning",
      "never-matches",
      origin,
      `principal "${principal}" never matches: principals are written without spiffe://`,
      `write ${principal.slice("spiffe://".length)}`,
    );
    return;
  }
  const known = new Set(allWorkloads(snapshot).flatMap(({ spiffeId }) => spiffeId?.slice("spiffe://".length) ?? []));
  if (known.has(principal)) return;
  const form = /^[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(principal);
  const hint =
    didYouMean(principal, known) ??
    (form ? "no WorkloadEntry has this identity" : "write <trust domain>/ns/<namespace>/sa/<service account>");
  yield problem("warning", "unknown-source", origin, `no workload is "${principal}"`, hint);
}

/** A source whose principals are all of namespaces that the same source does not allow. */
function contradicts(rule: AccessRule): boolean {
  return (
    rule.from.length > 0 &&
    rule.from.every(({ principals, namespaces }) => {
      const wanted = exactValues(namespaces);
      const given = exactValues(principals)?.map((principal) => /\/ns\/([^/]+)\//.exec(principal)?.[1]);
      return (
        wanted !== undefined && given !== undefined && given.every((namespace) => namespace !== undefined && !wanted.includes(namespace))
      );
    })
  );
}

/** The values of a list that has nothing but exact ones; undefined otherwise. */
function exactValues(list: PatternList): readonly string[] | undefined {
  const values = list.any.flatMap((pattern) => (pattern.kind === "exact" ? [pattern.value] : []));
  return values.length > 0 && values.length === list.any.length ? values : undefined;
}

function* portProblems(snapshot: MeshSnapshot, policy: AccessPolicy, rule: AccessRule, workloads: readonly Workload[]): Iterable<Problem> {
  const known = new Set(workloads.flatMap((workload) => portsOf(snapshot, workload).map(({ number }) => number)));
  if (known.size === 0) return;
  for (const { ports, origin } of rule.to) {
    const unknown = ports.any.filter((port) => !known.has(port));
    if (unknown.length > 0 && unknown.length === ports.any.length)
      yield problem(
        "warning",
        "never-matches",
        origin,
        `no selected workload listens on port ${describeList(unknown.map(String))}`,
        `they listen on ${describeList([...known].map(String))}; the port of the workload counts, not that of the service${policy.action === "deny" ? "; nothing is denied" : ""}`,
      );
  }
}

function* protocolProblems(
  snapshot: MeshSnapshot,
  policy: AccessPolicy,
  rule: AccessRule,
  workloads: readonly Workload[],
): Iterable<Problem> {
  const needsHttp =
    rule.to.some(({ hosts, methods, paths }) => [hosts, methods, paths].some(({ any, none }) => any.length + none.length > 0)) ||
    needsToken(rule) ||
    rule.when.some(({ key }) => key.kind === "request-header");
  if (!needsHttp) return;
  const limits = rule.to.flatMap(({ ports }) => ports.any);
  for (const workload of workloads) {
    const tcp = portsOf(snapshot, workload).find(
      ({ port, number }) => !isHttp(port.protocol) && port.protocol !== "auto" && (limits.length === 0 || limits.includes(number)),
    );
    if (tcp === undefined) continue;
    const what =
      policy.action === "allow"
        ? "never matches there, so connections are denied unless another policy allows them"
        : "matches there without looking at them, so more is denied than it seems";
    yield problem(
      "warning",
      "http-fields-on-tcp",
      rule.origin,
      `the rule uses fields of HTTP requests, but port ${tcp.number} of ${workload.name} speaks ${tcp.port.protocol}: it ${what}`,
      "limit the rule to HTTP ports by operation.ports, and write one for the others",
    );
    return;
  }
}

/** Tokens that nobody verifies are none: the rule never matches as `allow`, and always as what excludes them. */
function* tokenProblems(snapshot: MeshSnapshot, rule: AccessRule, workloads: readonly Workload[]): Iterable<Problem> {
  if (!needsToken(rule)) return;
  const unverified = workloads.find((workload) => requestAuthenticationsAt(snapshot, workload).every(({ rules }) => rules.length === 0));
  if (unverified === undefined) return;
  yield problem(
    "warning",
    "no-token-check",
    rule.origin,
    `the rule asks what is in tokens, but no RequestAuthentication has the tokens verified at ${unverified.name}: to it all requests are without one`,
    "add a RequestAuthentication with the issuer of the tokens",
  );
}

function needsToken(rule: AccessRule): boolean {
  return (
    rule.from.some(({ requestPrincipals }) => requestPrincipals.any.length + requestPrincipals.none.length > 0) ||
    rule.when.some(({ key }) => TOKEN_KEYS.has(key.kind))
  );
}

const TOKEN_KEYS: ReadonlySet<string> = new Set(["request-principal", "request-audience", "request-presenter", "request-claim"]);

/** Who does not have to say who he is, is not who he is denied to be. */
function* identityProblems(
  snapshot: MeshSnapshot,
  policy: AccessPolicy,
  rule: AccessRule,
  workloads: readonly Workload[],
): Iterable<Problem> {
  const denies =
    policy.action === "deny" &&
    rule.from.some(({ principals, namespaces, serviceAccounts }) =>
      [principals, namespaces, serviceAccounts].some(({ any }) => any.length > 0),
    );
  const excludes =
    policy.action === "allow" &&
    rule.from.some(({ principals, namespaces, serviceAccounts }) =>
      [principals, namespaces, serviceAccounts].some(({ any, none }) => none.length > 0 && any.length === 0),
    );
  if (!denies && !excludes) return;
  for (const workload of workloads) {
    const open = portsOf(snapshot, workload).find(({ number }) => peerTlsAt(snapshot, workload, number).mode !== "strict");
    if (open === undefined) continue;
    yield problem(
      "warning",
      "identity-not-required",
      rule.origin,
      `the rule ${denies ? "denies" : "leaves out"} callers by identity, but ${workload.name} accepts callers without one on port ${open.number}: they get past it by speaking plain`,
      "demand mutual TLS by a PeerAuthentication with mode STRICT",
    );
    return;
  }
}
