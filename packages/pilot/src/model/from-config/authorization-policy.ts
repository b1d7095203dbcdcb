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
  StringPattern,
  ValueList,
} from "../access-policy.ts";

type Policy = ConfigObject<"AuthorizationPolicy">;
type RuleSpec = Policy["spec"]["rules"][number];

/**
 * An AuthorizationPolicy. What this version cannot check never opens anything: an ALLOW rule that needs it never matches, a DENY rule matches without
 * it, and CUSTOM denies. Policies that only mark (AUDIT) or that select by reference are none here: undefined.
 */
export function toAccessPolicy(object: Policy): AccessPolicy | undefined {
  const { namespace, name, spec, origin } = object;
  if (spec.action === "AUDIT" || spec.targetRef !== undefined || spec.targetRefs.length > 0) return undefined;
  const action = spec.action === "ALLOW" ? "allow" : "deny";
  const everything: AccessRule = { index: 0, from: [], to: [], when: [], origin };
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    selector: spec.selector?.matchLabels ?? {},
    action,
    rules: spec.action === "CUSTOM" ? [everything] : spec.rules.flatMap((rule, index) => toRule(object, rule, index, action) ?? []),
    dryRun: object.annotations["istio.io/dry-run"] === "true",
    origin,
  };
}

function toRule(object: Policy, rule: RuleSpec, index: number, action: AccessPolicy["action"]): AccessRule | undefined {
  const path = ["spec", "rules", index];
  const sources = (rule.from ?? []).map(({ source }, place) => toSource(object, source, [...path, "from", place, "source"]));
  const conditions = (rule.when ?? []).map((condition, place) => toCondition(object, condition, [...path, "when", place]));
  if (action === "allow") {
    const checkable = sources.filter(({ isWhole }) => isWhole);
    if (sources.length > 0 && checkable.length === 0) return undefined;
    if (conditions.some((condition) => condition === undefined)) return undefined;
  }
  const from = sources.filter(({ isWhole }) => action === "deny" || isWhole).map(({ source }) => source);
  return {
    index,
    // A source of which nothing is left matches everything, and so does a list with such a source in it.
    from: from.some(isBoundless) ? [] : from,
    to: (rule.to ?? []).map(({ operation }, place) => toOperation(object, operation, [...path, "to", place, "operation"])),
    when: conditions.filter((condition) => condition !== undefined),
    origin: object.originOf(path),
  };
}

interface SourcePart {
  readonly source: Source;
  /** False when the source also says something that is not checked here. */
  readonly isWhole: boolean;
}

function toSource(object: Policy, spec: AuthorizationSourceSpec, path: FieldPath): SourcePart {
  const unchecked = [spec.requestPrincipals, spec.notRequestPrincipals, spec.trustDomains, spec.notTrustDomains];
  const account = (name: string): string => (name.includes("/") ? name : `${object.namespace}/${name}`);
  return {
    isWhole: unchecked.every((list) => list === undefined),
    source: {
      principals: toPatterns(spec.principals, spec.notPrincipals),
      namespaces: toPatterns(spec.namespaces, spec.notNamespaces),
      serviceAccounts: {
        any: (spec.serviceAccounts ?? []).map((name) => ({ kind: "exact", value: account(name) })),
        none: (spec.notServiceAccounts ?? []).map((name) => ({ kind: "exact", value: account(name) })),
      },
      ipBlocks: toValues(spec.ipBlocks, spec.notIpBlocks),
      remoteIpBlocks: toValues(spec.remoteIpBlocks, spec.notRemoteIpBlocks),
      origin: object.originOf(path),
    },
  };
}

function isBoundless(source: Source): boolean {
  const { principals, namespaces, serviceAccounts, ipBlocks, remoteIpBlocks } = source;
  return [principals, namespaces, serviceAccounts, ipBlocks, remoteIpBlocks].every(({ any, none }) => any.length + none.length === 0);
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

const PLAIN_KEYS: Readonly<Record<string, Exclude<ConditionKey["kind"], "request-header">>> = {
  "source.ip": "source-ip",
  "remote.ip": "remote-ip",
  "source.namespace": "source-namespace",
  "source.principal": "source-principal",
  "source.serviceAccount": "source-service-account",
  "destination.ip": "destination-ip",
  "destination.port": "destination-port",
  "connection.sni": "connection-sni",
};

/** undefined for an attribute that is not checked here. */
function toCondition(object: Policy, spec: AuthorizationConditionSpec, path: FieldPath): Condition | undefined {
  const header = /^request\.headers\[(.+)\]$/.exec(spec.key)?.[1];
  const plain = PLAIN_KEYS[spec.key];
  const values = toPatterns(spec.values, spec.notValues);
  const origin = object.originOf(path);
  if (header !== undefined) return { key: { kind: "request-header", name: header.toLowerCase() }, values, origin };
  return plain === undefined ? undefined : { key: { kind: plain }, values, origin };
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

/** `text`, `prefix*`, `*suffix`, `*`. */
export function toPattern(text: string): StringPattern {
  if (text === "*") return { kind: "present" };
  if (text.endsWith("*")) return { kind: "prefix", value: text.slice(0, -1) };
  return text.startsWith("*") ? { kind: "suffix", value: text.slice(1) } : { kind: "exact", value: text };
}
