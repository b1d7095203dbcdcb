import type { Origin } from "@fairlead/kit";
import type {
  HeaderChange,
  HeaderOperations,
  HttpMatch,
  HttpRule,
  RetryPolicy,
  RoutingRule,
  WeightedDestination,
} from "../../../model/routing-rule.ts";
import { isHttp, type Service } from "../../../model/service.ts";
import type { HashKey } from "../../../model/traffic-policy.ts";
import {
  type DirectResponse,
  type ForwardAction,
  type HeaderMatch,
  NO_HEADER_OPERATIONS,
  type PathMatch,
  type RedirectAction,
  type RetryRule,
  type Route,
  type RouteMatch,
} from "../../route.ts";
import type { FindTarget, Target } from "./destination.ts";
import { outboundClusterName } from "./names.ts";
import { matchesProxy, type View } from "./view.ts";

/** For whom a rule's routes are made. */
export interface RouteContext {
  readonly view: View;
  /** Key of the gateway, or `mesh`. */
  readonly gateway: string;
  /** Port of the service (sidecar) or server (gateway) that requests come for. */
  readonly port: number;
  readonly isTls: boolean;
  readonly findTarget: FindTarget;
}

/** The mesh's default, where a rule says nothing (Istio: `defaultHttpRetryPolicy`). */
const DEFAULT_RETRY: RetryRule = {
  attempts: 2,
  retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled"],
  isDefault: true,
  retriableStatusCodes: [],
  perTryTimeoutMs: 0,
  backoffMs: undefined,
  avoidPreviousHosts: true,
};
/** Envoy's name for what a retry by status code needs besides the codes. */
const BY_STATUS_CODE = "retriable-status-codes";
const SERVICE_UNAVAILABLE = 503;

export const ANY_REQUEST: RouteMatch = {
  path: { kind: "prefix", value: "/", ignoreCase: false },
  headers: [],
  queryParameters: [],
  claims: [],
};

/** The routes of a rule's `http` part, in order, up to the first that takes everything. */
export function buildRoutes(rule: RoutingRule, context: RouteContext): readonly Route[] {
  const routes: Route[] = [];
  for (const http of rule.http) {
    for (const route of routesOf(http, context)) {
      routes.push(route);
      if (isCatchAll(route.match)) return routes;
    }
  }
  return routes;
}

/** The route of a service that no rule is for. */
export function defaultRoute(service: Service, port: number, hashKey: HashKey | undefined): Route {
  return {
    name: "default",
    match: ANY_REQUEST,
    action: {
      kind: "forward",
      clusters: [{ name: outboundClusterName(service.hostname, port), weight: 1, headers: NO_HEADER_OPERATIONS }],
      timeoutMs: 0,
      retry: retryFor(undefined, hashKey),
      rewrite: undefined,
      mirrors: [],
      hashKey,
      terminateConnect: false,
    },
    headers: NO_HEADER_OPERATIONS,
    fault: undefined,
    operation: `${service.hostname}:${port}/*`,
    origins: [service.origin],
  };
}

/** An answer that the proxy gives itself, as text for a person. */
export function explainedResponse(status: number, text: string): DirectResponse {
  return { kind: "direct-response", status, body: new TextEncoder().encode(`${text}\n`) };
}

/** True for ports whose requests appear in route tables. */
export function isRoutable(protocol: Service["ports"][number]["protocol"]): boolean {
  return isHttp(protocol) || protocol === "auto";
}

function routesOf(http: HttpRule, context: RouteContext): readonly Route[] {
  if (http.matches.length === 0) return [toRoute(http, undefined, context)];
  return http.matches.filter((match) => applies(match, context)).map((match) => toRoute(http, match, context));
}

function applies(match: HttpMatch, context: RouteContext): boolean {
  return (match.port === undefined || match.port === context.port) && matchesProxy(match.proxies, context.view, context.gateway);
}

function toRoute(http: HttpRule, match: HttpMatch | undefined, context: RouteContext): Route {
  const { action, operation } = toAction(http, context);
  return {
    name: [http.name, match?.name ?? ""].filter((part) => part !== "").join("."),
    match: match === undefined ? ANY_REQUEST : toMatch(match),
    action,
    headers: action.kind === "forward" ? joinHeaders(http, action) : http.headers,
    fault: http.fault,
    operation,
    origins: [match?.origin ?? http.origin],
  };
}

/** What is said for a single destination applies to the whole route. */
function joinHeaders(http: HttpRule, action: ForwardAction): HeaderOperations {
  const [only] = action.clusters.length === 1 ? action.clusters : [];
  if (only === undefined) return http.headers;
  return {
    request: joinChange(http.headers.request, only.headers.request),
    response: joinChange(http.headers.response, only.headers.response),
  };
}

function joinChange(first: HeaderChange, second: HeaderChange): HeaderChange {
  return {
    set: { ...first.set, ...second.set },
    add: { ...first.add, ...second.add },
    remove: [...new Set([...first.remove, ...second.remove])],
  };
}

function toAction(http: HttpRule, context: RouteContext): Pick<Route, "action" | "operation"> {
  switch (http.action.kind) {
    case "direct-response":
      return { action: http.action, operation: undefined };
    case "redirect":
      return { action: toRedirect(http.action, context), operation: undefined };
    case "route":
      return toForward(http, http.action.destinations, context);
  }
}

function toForward(
  http: HttpRule,
  destinations: readonly WeightedDestination[],
  context: RouteContext,
): Pick<Route, "action" | "operation"> {
  const used = destinations.filter((destination) => destinations.length === 1 || destination.weight > 0);
  const targets = used.map((weighted) => ({ weighted, target: context.findTarget(weighted.destination, context.port) }));
  const [first] = targets;
  if (first === undefined || targets.every(({ target }) => target.kind === "broken")) {
    return { action: explainedResponse(SERVICE_UNAVAILABLE, explainBroken(http.origin, targets)), operation: undefined };
  }
  const hashKey = targets.length === 1 && first.target.kind === "cluster" ? first.target.hashKey : undefined;
  const action: ForwardAction = {
    kind: "forward",
    clusters: targets.map(({ weighted, target }) => ({
      name: target.cluster,
      weight: targets.length === 1 ? 1 : weighted.weight,
      headers: weighted.headers,
    })),
    timeoutMs: http.timeoutMs,
    retry: retryFor(http.retries, hashKey),
    rewrite: http.rewrite,
    mirrors: http.mirrors.flatMap((mirror) => {
      const target = context.findTarget(mirror.destination, context.port);
      return target.kind === "cluster" && mirror.percent > 0 ? [{ cluster: target.cluster, percent: mirror.percent }] : [];
    }),
    hashKey,
    terminateConnect: false,
  };
  return { action, operation: operationOf(first.target) };
}

function operationOf(target: Target): string | undefined {
  return target.kind === "broken" ? undefined : `${target.service.hostname}:${target.port}/*`;
}

function explainBroken(origin: Origin, targets: readonly { readonly target: Target }[]): string {
  const reasons = targets.flatMap(({ target }) => (target.kind === "broken" ? [target.reason] : []));
  return `${origin.kind} ${origin.namespace}/${origin.name} leads nowhere: ${reasons.join("; ") || "no destination has weight"}`;
}

/** Converts a rule's retries to Envoy's terms; with a consistent hash a retry stays with the same endpoint (as in Istio). */
function retryFor(policy: RetryPolicy | undefined, hashKey: HashKey | undefined): RetryRule | undefined {
  if (policy === undefined) return { ...DEFAULT_RETRY, avoidPreviousHosts: hashKey === undefined };
  if (policy.attempts === 0) return undefined;
  const byStatus = policy.retriableStatusCodes.length > 0 && !policy.retryOn.includes(BY_STATUS_CODE) ? [BY_STATUS_CODE] : [];
  return {
    attempts: policy.attempts,
    retryOn: [...policy.retryOn, ...byStatus],
    isDefault: !policy.isExplicit,
    retriableStatusCodes: policy.retriableStatusCodes,
    perTryTimeoutMs: policy.perTryTimeoutMs,
    backoffMs: policy.backoffMs,
    avoidPreviousHosts: policy.ignorePreviousHosts && hashKey === undefined,
  };
}

function toRedirect(redirect: Extract<HttpRule["action"], { kind: "redirect" }>, context: RouteContext): RedirectAction {
  const scheme = redirect.scheme ?? (context.isTls ? "https" : "http");
  const asked = redirect.port === "from-request" ? context.port : redirect.port === "from-protocol" ? undefined : redirect.port;
  const isDefaultPort = (asked === 80 && scheme === "http") || (asked === 443 && scheme === "https");
  return {
    kind: "redirect",
    path: redirect.uri,
    prefix: redirect.prefixRewrite,
    host: redirect.authority,
    port: isDefaultPort ? undefined : asked,
    scheme: redirect.scheme,
    code: redirect.code,
  };
}

function toMatch(match: HttpMatch): RouteMatch {
  const pseudo = [
    { name: ":method", match: match.method },
    { name: ":authority", match: match.authority },
    { name: ":scheme", match: match.scheme },
  ].flatMap(({ name, match: value }): readonly HeaderMatch[] =>
    value === undefined ? [] : [{ name, match: value, negated: false, ignoreCase: false }],
  );
  return {
    path: toPath(match),
    headers: [
      ...match.headers.map((header): HeaderMatch => ({ ...header, negated: false, ignoreCase: false })),
      ...match.withoutHeaders.map((header): HeaderMatch => ({ ...header, negated: true, ignoreCase: false })),
      ...pseudo,
    ],
    queryParameters: match.queryParams,
    claims: [
      ...match.claims.map((claim) => ({ ...claim, negated: false })),
      ...match.withoutClaims.map((claim) => ({ ...claim, negated: true })),
    ],
  };
}

function toPath(match: HttpMatch): PathMatch {
  switch (match.uri?.kind) {
    case "exact":
    case "prefix":
      return { kind: match.uri.kind, value: match.uri.value, ignoreCase: match.ignoreUriCase };
    case "regex":
      return match.uri;
    case "present":
    case undefined:
      return ANY_REQUEST.path;
  }
}

function isCatchAll(match: RouteMatch): boolean {
  const isAnyPath =
    (match.path.kind === "prefix" && match.path.value === "/") ||
    (match.path.kind === "regex" && (match.path.value === "*" || match.path.value === ".*"));
  return isAnyPath && match.headers.length + match.queryParameters.length + match.claims.length === 0;
}
