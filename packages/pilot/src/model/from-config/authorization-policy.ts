import type {
  AuthorizationConditionSpec,
  AuthorizationOperationSpec,
  AuthorizationSourceSpec,
  ConfigObject,
  FieldPath,
} from "@fairlead/crds";
import type {
  AccessPolicy,
  AccessRule,
  Condition,
  ConditionKey,
  Operation,
  PathPattern,
  PatternList,
  PortList,
  Source,
  ValueList,
} from "../access-policy.ts";
import { toPattern } from "../pattern.ts";

type Policy = ConfigObject<"AuthorizationPolicy">;
type RuleSpec = Policy["spec"]["rules"][number];

/** An AuthorizationPolicy; undefined for one that selects by reference, which is nothing here. */
export function toAccessPolicy(object: Policy): AccessPolicy | undefined {
  const { namespace, name, spec, origin } = object;
  if (spec.targetRef !== undefined || spec.targetRefs.length > 0) return undefined;
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    selector: spec.selector?.matchLabels ?? {},
    action: ACTIONS[spec.action],
    provider: spec.provider?.name ?? "",
    rules: spec.rules.map((rule, index) => toRule(object, rule, index)),
    dryRun: object.annotations["istio.io/dry-run"] === "true",
    origin,
  };
}

const ACTIONS = { ALLOW: "allow", DENY: "deny", AUDIT: "audit", CUSTOM: "custom" } as const;

function toRule(object: Policy, rule: RuleSpec, index: number): AccessRule {
  const path = ["spec", "rules", index];
  return {
    index,
    from: (rule.from ?? []).map(({ source }, place) => toSource(object, source, [...path, "from", place, "source"])),
    to: (rule.to ?? []).map(({ operation }, place) => toOperation(object, operation, [...path, "to", place, "operation"])),
    when: (rule.when ?? []).map((condition, place) => toCondition(object, condition, [...path, "when", place])),
    origin: object.originOf(path),
  };
}

function toSource(object: Policy, spec: AuthorizationSourceSpec, path: FieldPath): Source {
  const account = (name: string): string => (name.includes("/") ? name : `${object.namespace}/${name}`);
  return {
    principals: toPatterns(spec.principals, spec.notPrincipals),
    requestPrincipals: toValues(spec.requestPrincipals, spec.notRequestPrincipals),
    trustDomains: toPatterns(spec.trustDomains, spec.notTrustDomains),
    namespaces: toPatterns(spec.namespaces, spec.notNamespaces),
    serviceAccounts: {
      any: (spec.serviceAccounts ?? []).map((name) => ({ kind: "exact", value: account(name) })),
      none: (spec.notServiceAccounts ?? []).map((name) => ({ kind: "exact", value: account(name) })),
    },
    ipBlocks: toValues(spec.ipBlocks, spec.notIpBlocks),
    remoteIpBlocks: toValues(spec.remoteIpBlocks, spec.notRemoteIpBlocks),
    origin: object.originOf(path),
  };
}

function toOperation(object: Policy, spec: AuthorizationOperationSpec, path: FieldPath): Operation {
  return {
    hosts: toPatterns(spec.hosts, spec.notHosts),
    ports: toPorts(spec.ports, spec.notPorts),
    methods: toPatterns(spec.methods, spec.notMethods),
    paths: { any: (spec.paths ?? []).map(toPathPattern), none: (spec.notPaths ?? []).map(toPathPattern) },
    origin: object.originOf(path),
  };
}

const PLAIN_KEYS: ReadonlyMap<string, ConditionKey> = new Map([
  ["source.ip", { kind: "source-ip" }],
  ["remote.ip", { kind: "remote-ip" }],
  ["source.namespace", { kind: "source-namespace" }],
  ["source.principal", { kind: "source-principal" }],
  ["source.serviceAccount", { kind: "source-service-account" }],
  ["source.trustDomain", { kind: "source-trust-domain" }],
  ["request.auth.principal", { kind: "request-principal" }],
  ["request.auth.audiences", { kind: "request-audience" }],
  ["request.auth.presenter", { kind: "request-presenter" }],
  ["destination.ip", { kind: "destination-ip" }],
  ["destination.port", { kind: "destination-port" }],
  ["connection.sni", { kind: "connection-sni" }],
] as const);

function toCondition(object: Policy, spec: AuthorizationConditionSpec, path: FieldPath): Condition {
  const values = { any: spec.values ?? [], none: spec.notValues ?? [] };
  return { key: toConditionKey(spec.key), values, origin: object.originOf(path) };
}

function toConditionKey(text: string): ConditionKey {
  const plain = PLAIN_KEYS.get(text);
  if (plain !== undefined) return plain;
  const [name = "", ...brackets] = text.split("[");
  const path = brackets.map((part) => part.replace(/\]$/, ""));
  if (name === "request.auth.claims") return { kind: "request-claim", path };
  const inside = text.slice(name.length + 1).replace(/\]$/, "");
  if (name === "request.headers") return { kind: "request-header", name: inside.toLowerCase() };
  return { kind: "filter-metadata", filter: name.replace(/^experimental\./, ""), key: inside };
}

function toPatterns(any: readonly string[] | undefined, none: readonly string[] | undefined): PatternList {
  return { any: (any ?? []).map(toPattern), none: (none ?? []).map(toPattern) };
}

function toValues(any: readonly string[] | undefined, none: readonly string[] | undefined): ValueList {
  return { any: any ?? [], none: none ?? [] };
}

function toPorts(any: readonly string[] | undefined, none: readonly string[] | undefined): PortList {
  return { any: (any ?? []).map(Number), none: (none ?? []).map(Number) };
}

function toPathPattern(text: string): PathPattern {
  return text.includes("{") ? { kind: "template", value: text } : toPattern(text);
}
