import { didYouMean } from "@fairlead/crds";
import { describeOrigin, type Origin, type Problem, type Severity } from "@fairlead/kit";
import type { AccessPolicy } from "../access-policy.ts";
import { findAuthorizationProvider } from "../lookup/access-policy.ts";
import { findTrafficPolicy } from "../lookup/traffic-policy.ts";
import { findService, visibleServices } from "../lookup/service.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import { type Destination, MESH_GATEWAY, type RoutingRule } from "../routing-rule.ts";
import { findPort, type Service } from "../service.ts";
import { isVisibleIn, type Visibility } from "../visibility.ts";

/** Everything that a snapshot's objects refer to and that is not there, or not theirs to have. */
export function findReferenceProblems(snapshot: MeshSnapshot): readonly Problem[] {
  return [
    ...snapshot.routingRules.flatMap((rule) => [
      ...unknownGateways(snapshot, rule),
      ...destinationsOf(rule).flatMap((destination) => destinationProblems(snapshot, rule, destination)),
    ]),
    ...conflictingHosts(snapshot.routingRules),
    ...snapshot.accessPolicies.flatMap((policy) => providerProblems(snapshot, policy)),
  ];
}

/** All destinations of a rule, mirrors included, in the order written. */
export function destinationsOf(rule: RoutingRule): readonly Destination[] {
  const http = rule.http.flatMap(({ action, mirrors }) => [
    ...(action.kind === "route" ? action.destinations.map(({ destination }) => destination) : []),
    ...mirrors.map(({ destination }) => destination),
  ]);
  const connections = [...rule.tls, ...rule.tcp].flatMap(({ destinations }) => destinations.map(({ destination }) => destination));
  return [...http, ...connections];
}

function destinationProblems(snapshot: MeshSnapshot, rule: RoutingRule, destination: Destination): readonly Problem[] {
  const service = findService(snapshot, destination.host, rule.namespace);
  if (service === undefined) return [unknownHost(snapshot, rule, destination)];
  return [...portProblems(rule, destination, service), ...subsetProblems(snapshot, rule, destination, service)];
}

function unknownHost(snapshot: MeshSnapshot, rule: RoutingRule, destination: Destination): Problem {
  const { host, origin } = destination;
  const elsewhere = [...snapshot.services.values()].find((service) => service.hostname === host);
  const known = visibleServices(snapshot, rule.namespace).map((service) => service.hostname);
  const hint =
    elsewhere === undefined
      ? (didYouMean(host, known) ??
        "add a ServiceEntry for it, or correct the host: short names stand for services of the rule's own namespace")
      : `namespace "${elsewhere.namespace}" has it but does not export it to "${rule.namespace}"`;
  return problem("error", "unknown-host", `no service has the host "${host}": requests sent there are answered with 503`, origin, hint);
}

function portProblems(rule: RoutingRule, destination: Destination, service: Service): readonly Problem[] {
  const ports = service.ports.map(({ number }) => number).join(", ");
  if (destination.port !== undefined && findPort(service, destination.port) === undefined)
    return [
      problem(
        "error",
        "unknown-port",
        `"${service.hostname}" has no port ${destination.port}`,
        destination.origin,
        ports === "" ? "add ports to its ServiceEntry" : `its ports are ${ports}`,
      ),
    ];
  const isForGateways = rule.gateways.some((gateway) => gateway !== MESH_GATEWAY);
  if (destination.port === undefined && service.ports.length > 1 && isForGateways)
    return [
      problem(
        "error",
        "port-required",
        `"${service.hostname}" has several ports and the destination names none`,
        destination.origin,
        `add port.number: one of ${ports}`,
      ),
    ];
  return [];
}

function subsetProblems(snapshot: MeshSnapshot, rule: RoutingRule, destination: Destination, service: Service): readonly Problem[] {
  const { subset, origin } = destination;
  if (subset === undefined) return [];
  const policy = findTrafficPolicy(snapshot, service, { namespace: rule.namespace, labels: {} });
  if (policy?.subsets.some(({ name }) => name === subset) === true) return [];
  const names = policy?.subsets.map(({ name }) => name) ?? [];
  const hint =
    policy === undefined
      ? `no DestinationRule for "${service.hostname}" is in force in namespace "${rule.namespace}": add one with this subset`
      : (didYouMean(subset, names) ??
        `${describeOrigin(policy.origin)} has ${names.length === 0 ? "no subsets" : `the subsets ${names.join(", ")}`}`);
  return [
    problem(
      "error",
      "unknown-subset",
      `there is no subset "${subset}" of "${service.hostname}": requests sent there are answered with 503`,
      origin,
      hint,
    ),
  ];
}

function unknownGateways(snapshot: MeshSnapshot, rule: RoutingRule): readonly Problem[] {
  const known = [...snapshot.gateways.keys()];
  return rule.gateways
    .filter((gateway) => gateway !== MESH_GATEWAY && !snapshot.gateways.has(gateway))
    .map((gateway) =>
      problem(
        "error",
        "unknown-gateway",
        `there is no Gateway "${gateway}"`,
        rule.origin,
        didYouMean(gateway, known) ?? "a name without namespace stands for a Gateway of the rule's own namespace",
      ),
    );
}

/** Whoever cannot be asked does not allow. */
function providerProblems(snapshot: MeshSnapshot, policy: AccessPolicy): readonly Problem[] {
  if (policy.action !== "custom") return [];
  const provider = findAuthorizationProvider(snapshot, policy.provider);
  const effect = "what the rules of the policy match is denied";
  if (provider === undefined) {
    const known = snapshot.authorizationProviders.map(({ name }) => name);
    const hint = didYouMean(policy.provider, known) ?? "add it to meshConfig.extensionProviders of an IstioOperator object";
    return [
      problem("error", "unknown-provider", `there is no authorization provider "${policy.provider}": ${effect}`, policy.origin, hint),
    ];
  }
  const services = [...snapshot.services.values()].filter(
    ({ hostname, namespace }) => hostname === provider.host && (provider.namespace ?? namespace) === namespace,
  );
  if (services.some((service) => findPort(service, provider.port) !== undefined)) return [];
  const text = `provider "${provider.name}" is no service: there is no "${provider.host}" with port ${provider.port}; ${effect}`;
  return [problem("error", "unknown-host", text, provider.origin, "add a ServiceEntry for it, or correct service and port")];
}

/** Sidecars never merge rules: of two for one host, only one is followed by a client. */
function conflictingHosts(rules: readonly RoutingRule[]): readonly Problem[] {
  const byHost = new Map<string, RoutingRule[]>();
  const problems: Problem[] = [];
  for (const rule of rules.filter(({ gateways }) => gateways.includes(MESH_GATEWAY))) {
    for (const host of rule.hosts) {
      const earlier = byHost.get(host) ?? [];
      const rival = earlier.find((other) => overlap(other, rule));
      if (rival !== undefined) problems.push(hostConflict(host, rule, rival));
      byHost.set(host, [...earlier, rule]);
    }
  }
  return problems;
}

function hostConflict(host: string, rule: RoutingRule, rival: RoutingRule): Problem {
  const whose =
    rule.namespace === rival.namespace
      ? "the rules here have no effect in sidecars"
      : `the rules here have no effect in sidecars outside namespace "${rule.namespace}"`;
  return problem(
    "error",
    "conflicting-hosts",
    `host "${host}" is routed already by ${describeOrigin(rival.origin)}: ${whose}`,
    rule.origin,
    "write one VirtualService for the host",
  );
}

function overlap(left: RoutingRule, right: RoutingRule): boolean {
  if (left.namespace === right.namespace) return sharesNamespace(left.visibility, right.visibility);
  // Each namespace prefers its own rule, so only the others can meet both.
  return sharesNamespace(left.visibility, right.visibility, [left.namespace, right.namespace]);
}

function sharesNamespace(left: Visibility, right: Visibility, except: readonly string[] = []): boolean {
  if (left.kind === "everywhere" && right.kind === "everywhere") return true;
  const [named, other] = left.kind === "namespaces" ? [left, right] : [right, left];
  return named.kind === "namespaces" && named.namespaces.some((namespace) => !except.includes(namespace) && isVisibleIn(other, namespace));
}

function problem(severity: Severity, code: string, message: string, origin: Origin, hint: string): Problem {
  return { severity, code, message, hint, origin };
}
