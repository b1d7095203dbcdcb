import { describeOrigin, type Origin, type Problem } from "@fairlead/kit";
import { hostCovers } from "../../model/hostname.ts";
import type { ConnectionMatch, HttpMatch, HttpRule, NamedMatch, ProxyMatch, StringMatch, TlsMatch } from "../../model/routing-rule.ts";
import { type Analysis, problem } from "./analysis.ts";

/**
 * Rules and matches that nothing can reach because an earlier rule takes everything they would. Only what is certain is told: a condition that cannot be
 * compared counts as different.
 */
export function* analyzeShadowedRules({ snapshot }: Analysis): Iterable<Problem> {
  for (const rule of snapshot.routingRules) {
    yield* shadowed(rule.http, httpCovers, (http: HttpRule) => http.name);
    yield* shadowed(rule.tls, tlsCovers, () => "");
    yield* shadowed(rule.tcp, connectionCovers, () => "");
  }
}

interface Rule<Match> {
  readonly matches: readonly Match[];
  readonly origin: Origin;
}

function* shadowed<Match extends { readonly origin: Origin }, R extends Rule<Match>>(
  rules: readonly R[],
  covers: (earlier: Match, later: Match) => boolean,
  nameOf: (rule: R) => string,
): Iterable<Problem> {
  const takesAll = (earlier: R, match: Match): boolean =>
    earlier.matches.length === 0 || earlier.matches.some((other) => covers(other, match));
  for (const [index, rule] of rules.entries()) {
    const before = rules.slice(0, index);
    const catchAll = before.find((earlier) => earlier.matches.length === 0);
    if (rule.matches.length === 0) {
      if (catchAll !== undefined) yield unreachable(rule, catchAll, nameOf);
      continue;
    }
    const takers = rule.matches.map((match) => before.find((earlier) => takesAll(earlier, match)));
    const [taker] = takers;
    if (taker !== undefined && takers.every((other) => other !== undefined)) {
      yield unreachable(rule, taker, nameOf);
      continue;
    }
    for (const [place, match] of rule.matches.entries()) {
      const earlier = takers[place];
      if (earlier !== undefined)
        yield problem(
          "info",
          "unreachable-match",
          match.origin,
          `this match can be left out: an earlier rule (${placeOf(earlier.origin)}) takes all of it`,
        );
    }
  }
}

function unreachable<R extends Rule<unknown>>(rule: R, earlier: R, nameOf: (rule: R) => string): Problem {
  const name = nameOf(rule) === "" ? "this rule" : `rule "${nameOf(rule)}"`;
  const taker = nameOf(earlier) === "" ? "an earlier rule" : `rule "${nameOf(earlier)}"`;
  return problem(
    "warning",
    "unreachable-rule",
    rule.origin,
    `${name} is never reached: ${taker} (${placeOf(earlier.origin)}) takes everything before`,
    "move it up, or narrow the earlier one",
  );
}

function placeOf(origin: Origin): string {
  return [origin.file === undefined ? describeOrigin(origin) : `${origin.file}:${origin.line ?? 1}`, origin.path]
    .filter(Boolean)
    .join(", ");
}

function httpCovers(earlier: HttpMatch, later: HttpMatch): boolean {
  return (
    uriCovers(earlier, later) &&
    (["scheme", "method", "authority"] as const).every((field) => valueCovers(earlier[field], later[field])) &&
    namedCover(earlier.headers, later.headers) &&
    namedCover(earlier.queryParams, later.queryParams) &&
    // Excluding less takes more: all that the earlier leaves out, the later has to leave out too.
    earlier.withoutHeaders.every((mine) =>
      later.withoutHeaders.some((other) => other.name === mine.name && sameMatch(mine.match, other.match)),
    ) &&
    (earlier.port === undefined || earlier.port === later.port) &&
    proxiesCover(earlier.proxies, later.proxies)
  );
}

function uriCovers(earlier: HttpMatch, later: HttpMatch): boolean {
  if (earlier.uri === undefined) return true;
  if (earlier.uri.kind === "prefix" && (earlier.uri.value === "/" || earlier.uri.value === "")) return true;
  if (!earlier.ignoreUriCase) return !later.ignoreUriCase && valueCovers(earlier.uri, later.uri);
  return valueCovers(lowerCase(earlier.uri), later.uri && lowerCase(later.uri));
}

function lowerCase(match: StringMatch): StringMatch {
  return match.kind === "exact" || match.kind === "prefix" ? { kind: match.kind, value: match.value.toLowerCase() } : match;
}

function valueCovers(earlier: StringMatch | undefined, later: StringMatch | undefined): boolean {
  if (earlier === undefined) return true;
  if (later === undefined) return false;
  switch (earlier.kind) {
    case "present":
      return true;
    case "exact":
      return sameMatch(earlier, later);
    case "prefix":
      return (later.kind === "exact" || later.kind === "prefix") && later.value.startsWith(earlier.value);
    case "regex":
      return sameMatch(earlier, later) || earlier.value === ".*";
  }
}

function sameMatch(left: StringMatch, right: StringMatch): boolean {
  if (left.kind === "present" || right.kind === "present") return left.kind === right.kind;
  return left.kind === right.kind && left.value === right.value;
}

function namedCover(earlier: readonly NamedMatch[], later: readonly NamedMatch[]): boolean {
  return earlier.every((mine) => later.some((other) => other.name === mine.name && valueCovers(mine.match, other.match)));
}

function proxiesCover(earlier: ProxyMatch, later: ProxyMatch): boolean {
  return (
    Object.entries(earlier.labels).every(([key, value]) => later.labels[key] === value) &&
    (earlier.namespace === undefined || earlier.namespace === later.namespace) &&
    (earlier.gateways === undefined || later.gateways?.every((gateway) => earlier.gateways?.includes(gateway)) === true)
  );
}

function connectionCovers(earlier: ConnectionMatch, later: ConnectionMatch): boolean {
  const subnets =
    earlier.destinationSubnets.length === 0 ||
    (later.destinationSubnets.length > 0 && later.destinationSubnets.every((subnet) => earlier.destinationSubnets.includes(subnet)));
  return subnets && (earlier.port === undefined || earlier.port === later.port) && proxiesCover(earlier.proxies, later.proxies);
}

function tlsCovers(earlier: TlsMatch, later: TlsMatch): boolean {
  return later.sniHosts.every((sni) => earlier.sniHosts.some((host) => hostCovers(host, sni))) && connectionCovers(earlier, later);
}
