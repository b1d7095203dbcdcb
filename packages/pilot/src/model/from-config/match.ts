import type { HttpRouteSpec, StringMatchSpec } from "@fairlead/crds";
import { type ClaimMatch, type HttpMatch, MESH_GATEWAY, type NamedMatch, type ProxyMatch, type StringMatch } from "../routing-rule.ts";
import type { RuleContext } from "./destination.ts";

type MatchSpec = HttpRouteSpec["match"][number];

/** How the names of headers begin that are no headers but claims of a token that was verified (Istio's). */
const CLAIMS = "@request.auth.claims";

/** One match of an HTTP rule. */
export function toHttpMatch(context: RuleContext, match: MatchSpec, path: readonly (string | number)[]): HttpMatch {
  return {
    name: match.name ?? "",
    uri: match.uri && toStringMatch(match.uri),
    ignoreUriCase: match.ignoreUriCase,
    scheme: match.scheme && toStringMatch(match.scheme),
    method: match.method && toStringMatch(match.method),
    authority: match.authority && toStringMatch(match.authority),
    headers: toNamedMatches(withoutClaims(match.headers), (name) => name.toLowerCase()),
    withoutHeaders: toNamedMatches(withoutClaims(match.withoutHeaders), (name) => name.toLowerCase()),
    claims: toClaimMatches(match.headers),
    withoutClaims: toClaimMatches(match.withoutHeaders),
    queryParams: toNamedMatches(match.queryParams, (name) => name),
    port: match.port,
    proxies: toProxyMatch(context, match),
    origin: context.object.originOf(path),
  };
}

function withoutClaims(matches: MatchSpec["headers"]): MatchSpec["headers"] {
  return Object.fromEntries(Object.entries(matches).filter(([name]) => !name.toLowerCase().startsWith(CLAIMS)));
}

/** `@request.auth.claims.a.b` is claim b within claim a, and so is `@request.auth.claims[a][b]`. */
function toClaimMatches(matches: MatchSpec["headers"]): readonly ClaimMatch[] {
  return Object.entries(matches).flatMap(([name, match]) => {
    if (!name.toLowerCase().startsWith(CLAIMS)) return [];
    const path = name.slice(CLAIMS.length);
    const keys = path.startsWith("[") ? path.slice(1, -1).split("][") : path.slice(1).split(".");
    return [{ path: keys, match: toStringMatch(match) }];
  });
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
