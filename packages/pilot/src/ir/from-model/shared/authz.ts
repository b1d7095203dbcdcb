import type { AccessPolicy, AccessRule, Condition, Operation, PathPattern, Source, StringPattern } from "../../../model/access-policy.ts";
import { memo } from "../../../model/memo.ts";
import { toPattern } from "../../../model/pattern.ts";
import type {
  AccessRulePolicy,
  AccessRules,
  HttpFilter,
  MetadataMatch,
  NetworkFilter,
  Permission,
  Principal,
  SuffixMatch,
} from "../../filter.ts";
import type { StringMatch } from "../../../model/routing-rule.ts";

type Layer = "http" | "connection";

/** Access control of requests, in the order it is applied: what denies before what allows (Istio: AUDIT, DENY, then ALLOW). */
export const httpAccess = memo((policies: readonly AccessPolicy[]): readonly HttpFilter[] =>
  accessRules(policies, "http").map((access) => ({ kind: "http-access", ...access })),
);

/** Access control of connections that are not HTTP. */
export const connectionAccess = memo((policies: readonly AccessPolicy[]): readonly NetworkFilter[] =>
  accessRules(policies, "connection").map((access) => ({ kind: "network-access", statPrefix: "tcp", ...access })),
);

interface Access {
  readonly rules: AccessRules;
  readonly dryRun: boolean;
}

function accessRules(policies: readonly AccessPolicy[], layer: Layer): readonly Access[] {
  const groups = ([true, false] as const).flatMap((dryRun) => (["audit", "deny", "allow"] as const).map((action) => ({ action, dryRun })));
  return groups.flatMap(({ action, dryRun }) => {
    const chosen = policies.filter((policy) => actionAt(layer, policy) === action && policy.dryRun === dryRun);
    const rules: AccessRules = {
      action,
      policies: chosen.flatMap((policy) => policy.rules.flatMap((rule) => toPolicy(policy, rule, layer))),
    };
    // Nothing to deny needs no filter; nothing that is allowed denies everything.
    return chosen.length === 0 || (action !== "allow" && rules.policies.length === 0) ? [] : [{ rules, dryRun }];
  });
}

/** Nobody is asked about connections: what a service would have to be asked about is denied there. */
function actionAt(layer: Layer, { action, dryRun }: AccessPolicy): AccessPolicy["action"] {
  return layer === "connection" && action === "custom" && !dryRun ? "deny" : action;
}

/** The rules of some policies as they are looked at in requests, under other names. */
export function rulesOfRequests(policies: readonly AccessPolicy[], rename: (name: string) => string): readonly AccessRulePolicy[] {
  return policies
    .flatMap((policy) => policy.rules.flatMap((rule) => toPolicy(policy, rule, "http")))
    .map((rule) => ({ ...rule, name: rename(rule.name) }));
}

/**
 * On connections without HTTP a rule that asks for something of HTTP cannot match: as `allow` it is left out, as `deny` it denies what the rest of it
 * matches (as Istio: rather too much refused than too little).
 */
function toPolicy(policy: AccessPolicy, rule: AccessRule, layer: Layer): readonly AccessRulePolicy[] {
  const isHttpOnly =
    rule.to.some(usesHttp) || rule.when.some((condition) => HTTP_KEYS.has(condition.key.kind)) || rule.from.some(usesToken);
  if (layer === "connection" && isHttpOnly && policy.action === "allow") return [];
  const conditions = rule.when.map((condition) => toCondition(condition, layer));
  return [
    {
      name: `ns[${policy.namespace}]-policy[${policy.name}]-rule[${rule.index}]`,
      permission: allOf([
        anyOf(rule.to.map((operation) => toPermission(operation, layer))),
        ...conditions.flatMap((condition) => condition.permissions),
      ]),
      principal: allOf([
        anyOf(rule.from.map((source) => toPrincipal(source, layer))),
        ...conditions.flatMap((condition) => condition.principals),
      ]),
    },
  ];
}

const HTTP_KEYS: ReadonlySet<Condition["key"]["kind"]> = new Set([
  "request-header",
  "request-principal",
  "request-audience",
  "request-presenter",
  "request-claim",
]);

function usesHttp(operation: Operation): boolean {
  return [operation.hosts, operation.methods, operation.paths].some((list) => list.any.length + list.none.length > 0);
}

function usesToken({ requestPrincipals }: Source): boolean {
  return requestPrincipals.any.length + requestPrincipals.none.length > 0;
}

function toPermission(operation: Operation, layer: Layer): Permission {
  const http =
    layer === "http" ? [list(operation.hosts, toHost), list(operation.methods, toMethod), list(operation.paths, toPath)].flat() : [];
  return allOf([...http, ...list(operation.ports, (port): Permission => ({ kind: "destination-port", port }))]);
}

function toPrincipal(source: Source, layer: Layer): Principal {
  return allOf([
    ...list(source.principals, toIdentity),
    ...(layer === "http" ? list(source.requestPrincipals, toRequestPrincipal) : []),
    ...list(source.trustDomains, toTrustDomain),
    ...list(source.namespaces, toNamespace),
    ...list(source.serviceAccounts, toServiceAccount),
    ...list(source.ipBlocks, (block): Principal => ({ kind: "peer-ip", block })),
    ...list(source.remoteIpBlocks, (block): Principal => ({ kind: "client-ip", block })),
  ]);
}

interface ConditionParts {
  readonly permissions: readonly Permission[];
  readonly principals: readonly Principal[];
}

const NO_PARTS: ConditionParts = { permissions: [], principals: [] };

function toCondition({ key, values }: Condition, layer: Layer): ConditionParts {
  if (layer === "connection" && HTTP_KEYS.has(key.kind)) return NO_PARTS;
  const ofPrincipal = (to: (value: string) => Principal): ConditionParts => ({ permissions: [], principals: list(values, to) });
  const ofPermission = (to: (value: string) => Permission): ConditionParts => ({ permissions: list(values, to), principals: [] });
  const ofClaim = (path: readonly string[]): ConditionParts => ({
    permissions: [],
    principals: listOnce(values, (all) => claimAnyOf(path, all)),
  });
  switch (key.kind) {
    case "request-header":
      return ofPrincipal((value) => ({
        kind: "header",
        match: { name: key.name, match: toPattern(value), negated: false, ignoreCase: false },
      }));
    case "request-principal":
      return ofPrincipal(toRequestPrincipal);
    case "request-audience":
      return ofClaim(["aud"]);
    case "request-presenter":
      return ofClaim(["azp"]);
    case "request-claim":
      return ofClaim(key.path);
    case "source-ip":
      return ofPrincipal((block) => ({ kind: "peer-ip", block }));
    case "remote-ip":
      return ofPrincipal((block) => ({ kind: "client-ip", block }));
    case "source-namespace":
      return ofPrincipal((value) => toNamespace(toPattern(value)));
    case "source-principal":
      return ofPrincipal((value) => toIdentity(toPattern(value)));
    case "source-service-account":
      return ofPrincipal((value) => toServiceAccount(toPattern(value)));
    case "source-trust-domain":
      return ofPrincipal((value) => toTrustDomain(toPattern(value)));
    case "destination-ip":
      return ofPermission((block) => ({ kind: "destination-ip", block }));
    case "destination-port":
      return ofPermission((value) => ({ kind: "destination-port", port: Number(value) }));
    case "connection-sni":
      return ofPermission((value) => ({ kind: "server-name", match: toPattern(value) }));
    case "filter-metadata":
      return {
        permissions: listOnce(values, (all) => ({ kind: "metadata", filter: key.filter, key: key.key, values: all.map(toMetadataMatch) })),
        principals: [],
      };
  }
}

/** `[text]` asks for a member of a list (as in Istio). */
function toMetadataMatch(value: string): MetadataMatch {
  const inside = /^\[(.*)\]$/.exec(value)?.[1];
  return { match: toPattern(inside ?? value), isListed: inside !== undefined };
}

function claimAnyOf(path: readonly string[], values: readonly string[]): Principal {
  return { kind: "claim", path, match: { kind: "any-of", matches: values.map(toPattern) } };
}

/** `<issuer>/<subject>`: as the issuer may be a URL, the last slash counts. A wildcard stands at the beginning or the end of the whole. */
function toRequestPrincipal(value: string): Principal {
  const slash = value.lastIndexOf("/");
  const hasSlash = slash >= 0;
  const issuer = hasSlash ? value.slice(0, slash) : value;
  const subject = hasSlash ? value.slice(slash + 1) : "";
  if (value === "*") return issuerAndSubject(ANYTHING, ANYTHING);
  if (value.startsWith("*"))
    return hasSlash ? issuerAndSubject(toPattern(issuer), { kind: "exact", value: subject }) : issuerAndSubject(ANYTHING, toPattern(value));
  if (value.endsWith("*"))
    return hasSlash ? issuerAndSubject({ kind: "exact", value: issuer }, toPattern(subject)) : issuerAndSubject(toPattern(value), ANYTHING);
  return issuerAndSubject({ kind: "exact", value: issuer }, { kind: "exact", value: subject });
}

function issuerAndSubject(issuer: StringMatch | SuffixMatch, subject: StringMatch | SuffixMatch): Principal {
  return {
    kind: "and",
    of: [
      { kind: "claim", path: ["iss"], match: { kind: "text", match: issuer } },
      { kind: "claim", path: ["sub"], match: { kind: "text", match: subject } },
    ],
  };
}

const ANYTHING: StringMatch = { kind: "present" };

/** The part of an identity after `spiffe://`. */
function toTrustDomain(pattern: StringPattern): Principal {
  if (pattern.kind === "present") return { kind: "identity", match: { kind: "prefix", value: "spiffe://" } };
  if (pattern.kind === "exact") return { kind: "identity", match: { kind: "prefix", value: `spiffe://${pattern.value}/` } };
  return { kind: "identity", match: { kind: "regex", value: `spiffe://${wildcard(pattern, "[^/]*")}/.*` } };
}

/** `cluster.local/ns/default/sa/x` in a policy is the URI `spiffe://cluster.local/ns/default/sa/x` in a certificate. */
function toIdentity(pattern: StringPattern): Principal {
  if (pattern.kind === "exact" || pattern.kind === "prefix")
    return { kind: "identity", match: { kind: pattern.kind, value: `spiffe://${pattern.value}` } };
  return { kind: "identity", match: pattern };
}

function toNamespace(pattern: StringPattern): Principal {
  return { kind: "identity", match: { kind: "regex", value: `spiffe://[^/]+/ns/${wildcard(pattern, "[^/]*")}/sa/.+` } };
}

function toServiceAccount(pattern: StringPattern): Principal {
  const [namespace = "", account = ""] = valueOf(pattern).split("/");
  return { kind: "identity", match: { kind: "regex", value: `spiffe://[^/]+/ns/${quote(namespace)}/sa/${quote(account)}` } };
}

/** The port of a request's host counts only where the pattern has one. */
function toHost(pattern: StringPattern): Permission {
  const hasPort = pattern.kind !== "present" && /:\d+$/.test(pattern.value);
  const match: StringMatch =
    pattern.kind === "present"
      ? pattern
      : { kind: "regex", value: `(?i)${wildcard(pattern, ".*")}${hasPort || pattern.kind === "prefix" ? "" : "(:[0-9]+)?"}` };
  return { kind: "header", match: { name: ":authority", match, negated: false, ignoreCase: false } };
}

function toMethod(pattern: StringPattern): Permission {
  return { kind: "header", match: { name: ":method", match: toText(pattern), negated: false, ignoreCase: false } };
}

function toPath(pattern: PathPattern): Permission {
  if (pattern.kind !== "template") return { kind: "path", match: toText(pattern) };
  const expression = pattern.value
    .split(/(\{\*\*\}|\{\*\})/)
    .map((part) => (part === "{**}" ? ".*" : part === "{*}" ? "[^/]+" : quote(part)))
    .join("");
  return { kind: "path", match: { kind: "regex", value: expression } };
}

function toText(pattern: StringPattern): StringMatch | SuffixMatch {
  return pattern;
}

function valueOf(pattern: StringPattern): string {
  return pattern.kind === "present" ? "" : pattern.value;
}

function wildcard(pattern: StringPattern, any: string): string {
  switch (pattern.kind) {
    case "present":
      return any;
    case "exact":
      return quote(pattern.value);
    case "prefix":
      return `${quote(pattern.value)}${any}`;
    case "suffix":
      return `${any}${quote(pattern.value)}`;
  }
}

function quote(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

type Tree = Permission | Principal;

/** Like `list`, where one node takes all values. */
function listOnce<Node extends Tree>(
  values: { readonly any: readonly string[]; readonly none: readonly string[] },
  to: (all: readonly string[]) => Node,
): readonly Node[] {
  return [...(values.any.length === 0 ? [] : [to(values.any)]), ...(values.none.length === 0 ? [] : [not(to(values.none))])];
}

/** One condition for what has to match, one for what must not; none where nothing is said. */
function list<Item, Node extends Tree>(
  values: { readonly any: readonly Item[]; readonly none: readonly Item[] },
  to: (item: Item) => Node,
): readonly Node[] {
  const none: readonly Node[] = values.none.length === 0 ? [] : [not(anyOf(values.none.map(to)))];
  return values.any.length === 0 ? none : [anyOf(values.any.map(to)), ...none];
}

function not<Node extends Tree>(node: Node): Node {
  return { kind: "not", of: node } as Tree as Node;
}

function anyOf<Node extends Tree>(nodes: readonly Node[]): Node {
  return combine("or", nodes);
}

function allOf<Node extends Tree>(nodes: readonly Node[]): Node {
  const said = nodes.filter((node) => node.kind !== "any");
  return combine("and", said);
}

function combine<Node extends Tree>(kind: "and" | "or", nodes: readonly Node[]): Node {
  const [first, ...more] = nodes;
  // Both trees have these three shapes, with nodes of their own kind inside.
  if (first === undefined) return { kind: "any" } as Tree as Node;
  return more.length === 0 ? first : ({ kind, of: nodes } as Tree as Node);
}
