import type { AccessPolicy, AccessRule, Condition, Operation, PathPattern, Source, StringPattern } from "../../../model/access-policy.ts";
import { memo } from "../../../model/memo.ts";
import type { AccessRulePolicy, AccessRules, HttpFilter, NetworkFilter, Permission, Principal, SuffixMatch } from "../../filter.ts";
import type { StringMatch } from "../../../model/routing-rule.ts";

type Layer = "http" | "connection";

/** Access control of requests, in the order it is applied: what denies before what allows (Istio: DENY, then ALLOW). */
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
  const groups = ([true, false] as const).flatMap((dryRun) => (["deny", "allow"] as const).map((action) => ({ action, dryRun })));
  return groups.flatMap(({ action, dryRun }) => {
    const chosen = policies.filter((policy) => policy.action === action && policy.dryRun === dryRun);
    const rules: AccessRules = {
      action,
      policies: chosen.flatMap((policy) => policy.rules.flatMap((rule) => toPolicy(policy, rule, layer))),
    };
    // Nothing to deny needs no filter; nothing that is allowed denies everything.
    return chosen.length === 0 || (action === "deny" && rules.policies.length === 0) ? [] : [{ rules, dryRun }];
  });
}

/**
 * On connections without HTTP a rule that asks for something of HTTP cannot match: as `allow` it is left out, as `deny` it denies what the rest of it
 * matches (as Istio: rather too much refused than too little).
 */
function toPolicy(policy: AccessPolicy, rule: AccessRule, layer: Layer): readonly AccessRulePolicy[] {
  const isHttpOnly =
    rule.to.some(usesHttp) ||
    rule.when.some((condition) => condition.key.kind === "request-header") ||
    rule.from.some(usesForwardedAddress);
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

function usesHttp(operation: Operation): boolean {
  return [operation.hosts, operation.methods, operation.paths].some((list) => list.any.length + list.none.length > 0);
}

function usesForwardedAddress(source: Source): boolean {
  return source.remoteIpBlocks.any.length + source.remoteIpBlocks.none.length > 0;
}

function toPermission(operation: Operation, layer: Layer): Permission {
  const http =
    layer === "http" ? [list(operation.hosts, toHost), list(operation.methods, toMethod), list(operation.paths, toPath)].flat() : [];
  return allOf([...http, ...list(operation.ports, (port): Permission => ({ kind: "destination-port", port }))]);
}

function toPrincipal(source: Source, layer: Layer): Principal {
  return allOf([
    ...list(source.principals, toIdentity),
    ...list(source.namespaces, toNamespace),
    ...list(source.serviceAccounts, toServiceAccount),
    ...list(source.ipBlocks, (block): Principal => ({ kind: "peer-ip", block })),
    ...(layer === "http" ? list(source.remoteIpBlocks, (block): Principal => ({ kind: "client-ip", block })) : []),
  ]);
}

interface ConditionParts {
  readonly permissions: readonly Permission[];
  readonly principals: readonly Principal[];
}

function toCondition({ key, values }: Condition, layer: Layer): ConditionParts {
  const ofPrincipal = (to: (pattern: StringPattern) => Principal): ConditionParts => ({ permissions: [], principals: list(values, to) });
  const ofPermission = (to: (pattern: StringPattern) => Permission): ConditionParts => ({ permissions: list(values, to), principals: [] });
  switch (key.kind) {
    case "request-header":
      if (layer === "connection") return { permissions: [], principals: [] };
      return ofPrincipal((pattern) => ({
        kind: "header",
        match: { name: key.name, match: toText(pattern), negated: false, ignoreCase: false },
      }));
    case "source-ip":
      return ofPrincipal((pattern) => ({ kind: "peer-ip", block: valueOf(pattern) }));
    case "remote-ip":
      return layer === "connection"
        ? { permissions: [], principals: [] }
        : ofPrincipal((pattern) => ({ kind: "client-ip", block: valueOf(pattern) }));
    case "source-namespace":
      return ofPrincipal(toNamespace);
    case "source-principal":
      return ofPrincipal(toIdentity);
    case "source-service-account":
      return ofPrincipal(toServiceAccount);
    case "destination-ip":
      return ofPermission((pattern) => ({ kind: "destination-ip", block: valueOf(pattern) }));
    case "destination-port":
      return ofPermission((pattern) => ({ kind: "destination-port", port: Number(valueOf(pattern)) }));
    case "connection-sni":
      return ofPermission((pattern) => ({ kind: "server-name", match: toText(pattern) }));
  }
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
