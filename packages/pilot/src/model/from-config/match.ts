import type { HttpRouteSpec, StringMatchSpec } from "@fairlead/crds";
import { type HttpMatch, MESH_GATEWAY, type NamedMatch, type ProxyMatch, type StringMatch } from "../routing-rule.ts";
import type { RuleContext } from "./destination.ts";

type MatchSpec = HttpRouteSpec["match"][number];

/** Headers that are not headers but claims of a token: not done here, so a match that asks for one never matches. */
const CLAIM = "@request.auth.claims";

/** One match of an HTTP rule; undefined when it asks for something that is not done here and so can never match. */
export function toHttpMatch(context: RuleContext, match: MatchSpec, path: readonly (string | number)[]): HttpMatch | undefined {
  const names = [...Object.keys(match.headers), ...Object.keys(match.withoutHeaders)];
  if (names.some((name) => name.startsWith(CLAIM))) return undefined;
  return {
    name: match.name ?? "",
    uri: match.uri && toStringMatch(match.uri),
    ignoreUriCase: match.ignoreUriCase,
    scheme: match.scheme && toStringMatch(match.scheme),
    method: match.method && toStringMatch(match.method),
    authority: match.authority && toStringMatch(match.authority),
    headers: toNamedMatches(match.headers, (name) => name.toLowerCase()),
    withoutHeaders: toNamedMatches(match.withoutHeaders, (name) => name.toLowerCase()),
    queryParams: toNamedMatches(match.queryParams, (name) => name),
    port: match.port,
    proxies: toProxyMatch(context, match),
    origin: context.object.originOf(path),
  };
}

export function toProxyMatch(context: RuleContext, match: Pick<MatchSpec, "sourceLabels" | "sourceNamespace" | "gateways">): ProxyMatch {
  return {
    labels: match.sourceLabels,
    namespace: match.sourceNamespace,
    gateways: toGatewayKeys(match.gateways, context.object.namespace),
  };
}

export function toStringMatch(match: StringMatchSpec): StringMatch {
  if (match.exact !== undefined) return { kind: "exact", value: match.exact };
  if (match.prefix !== undefined) return { kind: "prefix", value: match.prefix };
  return match.regex === undefined ? { kind: "present" } : { kind: "regex", value: match.regex };
}

/** Keys of the gateways that a list names; undefined for a list that names none. */
export function toGatewayKeys(gateways: readonly string[], namespace: string): readonly string[] | undefined {
  if (gateways.length === 0) return undefined;
  return gateways.map((gateway) => {
    if (gateway === MESH_GATEWAY) return gateway;
    return gateway.includes("/") ? gateway.replace(/^\.\//, `${namespace}/`) : `${namespace}/${gateway}`;
  });
}

function toNamedMatches(matches: Readonly<Record<string, StringMatchSpec>>, rename: (name: string) => string): readonly NamedMatch[] {
  return Object.entries(matches).map(([name, match]) => ({ name: rename(name), match: toStringMatch(match) }));
}
