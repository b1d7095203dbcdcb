import type { ConfigObject, Kind, MeshObject } from "@fairlead/crds";
import type { Problem } from "@fairlead/kit";
import type { EndpointSet } from "../endpoint.ts";
import { memo } from "../memo.ts";
import { DEFAULT_MESH_SETTINGS, type MeshSettings, type MeshSnapshot } from "../mesh-snapshot.ts";
import type { Service } from "../service.ts";
import type { TrafficPolicy } from "../traffic-policy.ts";
import type { Workload } from "../workload.ts";
import { allocateAddresses } from "./auto-addresses.ts";
import { toAccessPolicy } from "./authorization-policy.ts";
import { toAuthorizationProviders } from "./authorization-provider.ts";
import { findMergeConflicts, groupKey, toTrafficPolicy } from "./destination-rule.ts";
import { createEndpointFinder } from "./endpoints.ts";
import { toGateway } from "./gateway.ts";
import { toPeerAuthentication } from "./peer-authentication.ts";
import { findReferenceProblems } from "./references.ts";
import { toRequestAuthentication } from "./request-authentication.ts";
import { toServices } from "./service-entry.ts";
import { keepList, keepMap } from "./stable.ts";
import { toRoutingRule } from "./virtual-service.ts";
import { toWorkload } from "./workload-entry.ts";

/** Makes snapshots one after the other; what did not change since the one before is the same object in the next. */
export interface SnapshotBuilder {
  /** `objects` in order of definition, as sources give them. */
  build(objects: readonly MeshObject[]): MeshSnapshot;
}

export function createSnapshotBuilder(settings: MeshSettings = DEFAULT_MESH_SETTINGS): SnapshotBuilder {
  const services = createServiceStage(settings);
  const policies = createPolicyStage(settings);
  const routingRule = memo((object: ConfigObject<"VirtualService">) => toRoutingRule(object, settings));
  const gateway = memo(toGateway);
  const accessPolicy = memo((object: ConfigObject<"AuthorizationPolicy">) => ({ policy: toAccessPolicy(object) }));
  const peerAuthentication = memo(toPeerAuthentication);
  const requestAuthentication = memo((object: ConfigObject<"RequestAuthentication">) => ({ policy: toRequestAuthentication(object) }));
  const providers = memo(toAuthorizationProviders);
  const problems = createProblemStage();
  let before: MeshSnapshot | undefined;

  return {
    build(objects) {
      const { problems: serviceProblems, ...serving } = services(objects);
      const { problems: policyProblems, trafficPolicies } = policies(ofKind(objects, "DestinationRule"));
      // A delegate has no hosts: it is part of another rule, which this version does not do.
      const [rules, delegates] = partition(ofKind(objects, "VirtualService"), (object) => object.spec.hosts.length > 0);
      const accepted = ofKind(objects, "AuthorizationPolicy").flatMap((object) => accessPolicy(object).policy ?? []);
      const authenticated = ofKind(objects, "RequestAuthentication").flatMap((object) => requestAuthentication(object).policy ?? []);
      const parts: Omit<MeshSnapshot, "problems"> = {
        settings,
        ...serving,
        gateways: keepMap(before?.gateways, new Map(ofKind(objects, "Gateway").map((object) => [gateway(object).key, gateway(object)]))),
        routingRules: keepList(before?.routingRules, rules.map(routingRule)),
        trafficPolicies,
        accessPolicies: keepList(before?.accessPolicies, accepted),
        peerAuthentications: keepList(before?.peerAuthentications, ofKind(objects, "PeerAuthentication").map(peerAuthentication)),
        authorizationProviders: keepList(before?.authorizationProviders, ofKind(objects, "IstioOperator").flatMap(providers)),
        requestAuthentications: keepList(before?.requestAuthentications, authenticated),
      };
      const own = [...serviceProblems, ...policyProblems, ...delegates.map(delegateProblem)];
      before = { ...parts, problems: keepList(before?.problems, [...own, ...problems(parts)]) };
      return before;
    },
  };
}

/** One snapshot of objects, for those who need no second. */
export function buildSnapshot(objects: readonly MeshObject[], settings: MeshSettings = DEFAULT_MESH_SETTINGS): MeshSnapshot {
  return createSnapshotBuilder(settings).build(objects);
}

/** The objects of one kind, in order. */
export function ofKind<K extends Kind>(objects: readonly MeshObject[], kind: K): readonly ConfigObject<K>[] {
  return objects.filter((object): object is Extract<MeshObject, ConfigObject<K>> => object.kind === kind);
}

const NO_WORKLOADS: readonly Workload[] = [];

type ServingParts = Pick<MeshSnapshot, "services" | "endpoints" | "workloads"> & { readonly problems: readonly Problem[] };

/** Services, workloads, and which of these are endpoints of which of those. */
function createServiceStage(settings: MeshSettings): (objects: readonly MeshObject[]) => ServingParts {
  const servicesOf = memo((object: ConfigObject<"ServiceEntry">) => toServices(object));
  const workloadOf = memo((object: ConfigObject<"WorkloadEntry">) => toWorkload(object, settings));
  const finder = createEndpointFinder(settings);
  let before: ServingParts | undefined;
  let inputs: readonly MeshObject[] = [];
  let byNamespace: ReadonlyMap<string, readonly Workload[]> = new Map();
  return (objects) => {
    const now = keepList(
      inputs,
      objects.filter(({ kind }) => kind === "ServiceEntry" || kind === "WorkloadEntry"),
    );
    if (before !== undefined && now === inputs) return before;
    inputs = now;
    const workloads = new Map(ofKind(now, "WorkloadEntry").map((object) => [workloadOf(object).key, workloadOf(object)]));
    const grouped = Map.groupBy(workloads.values(), (workload: Workload) => workload.namespace);
    byNamespace = new Map([...grouped].map(([namespace, list]) => [namespace, keepList(byNamespace.get(namespace), list)]));
    const services = new Map<string, Service>();
    const endpoints = new Map<string, EndpointSet>();
    const problems: Problem[] = [];
    for (const object of ofKind(now, "ServiceEntry")) {
      for (const service of servicesOf(object)) {
        const known = services.get(service.key);
        if (known !== undefined) {
          problems.push(hostConflict(service, known));
          continue;
        }
        services.set(service.key, service);
        endpoints.set(service.key, finder.find(object, service, byNamespace.get(service.namespace) ?? NO_WORKLOADS));
      }
    }
    before = {
      services: keepMap(before?.services, allocateAddresses(services)),
      endpoints: keepMap(before?.endpoints, endpoints),
      workloads: keepMap(before?.workloads, workloads),
      problems,
    };
    return before;
  };
}

interface PolicyParts {
  readonly trafficPolicies: readonly TrafficPolicy[];
  readonly problems: readonly Problem[];
}

/** DestinationRules of one host put together; a group that did not change gives the policy it gave before. */
function createPolicyStage(settings: MeshSettings): (rules: readonly ConfigObject<"DestinationRule">[]) => PolicyParts {
  interface Group {
    readonly rules: readonly ConfigObject<"DestinationRule">[];
    readonly policy: TrafficPolicy;
    readonly problems: readonly Problem[];
  }
  const keyOf = memo((object: ConfigObject<"DestinationRule">) => ({ key: groupKey(object, settings) }));
  let groups = new Map<string, Group>();
  let inputs: readonly ConfigObject<"DestinationRule">[] | undefined;
  let before: PolicyParts = { trafficPolicies: [], problems: [] };
  return (all) => {
    if (inputs !== undefined && keepList(inputs, all) === inputs) return before;
    inputs = all;
    const next = new Map<string, Group>();
    for (const [key, rules] of Map.groupBy(all, (object) => keyOf(object).key)) {
      const known = groups.get(key);
      const [first, ...rest] = rules;
      if (first === undefined) continue;
      if (known !== undefined && keepList(known.rules, rules) === known.rules) next.set(key, known);
      else next.set(key, { rules, policy: toTrafficPolicy(first, rest, settings), problems: findMergeConflicts(first, rest) });
    }
    groups = next;
    const policies = [...groups.values()];
    before = {
      trafficPolicies: keepList(
        before.trafficPolicies,
        policies.map(({ policy }) => policy),
      ),
      problems: policies.flatMap(({ problems }) => problems),
    };
    return before;
  };
}

/** Looks for broken references again only when something that refers or is referred to changed: endpoints coming and going do not count. */
function createProblemStage(): (parts: Omit<MeshSnapshot, "problems">) => readonly Problem[] {
  let inputs: readonly unknown[] = [];
  let problems: readonly Problem[] = [];
  return (parts) => {
    const now = [
      parts.services,
      parts.gateways,
      parts.routingRules,
      parts.trafficPolicies,
      parts.accessPolicies,
      parts.authorizationProviders,
    ];
    if (now.some((input, index) => input !== inputs[index])) problems = findReferenceProblems({ ...parts, problems: [] });
    inputs = now;
    return problems;
  };
}

function hostConflict(service: Service, known: Service): Problem {
  return {
    severity: "error",
    code: "conflicting-hosts",
    message: `host "${service.hostname}" is defined already by ServiceEntry ${known.origin.namespace}/${known.origin.name}; the definition here has no effect`,
    hint: "keep one ServiceEntry for a host",
    origin: service.origin,
  };
}

function delegateProblem(object: ConfigObject<"VirtualService">): Problem {
  return {
    severity: "warning",
    code: "unsupported-field",
    message: "a VirtualService without hosts is a delegate, which is not supported by this version: it has no effect",
    hint: "write its rules into the VirtualService that delegates to it",
    origin: object.origin,
  };
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): readonly [readonly Item[], readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
