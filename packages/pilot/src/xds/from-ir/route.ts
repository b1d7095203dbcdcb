import { isUtf8 } from "node:buffer";
import { create, type JsonObject } from "@bufbuild/protobuf";
import { HeaderValueOption_HeaderAppendAction, type HeaderValueOptionSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import {
  type RouteConfiguration as XdsRouteConfiguration,
  RouteConfigurationSchema,
} from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import {
  RedirectAction_RedirectResponseCode,
  type RetryPolicySchema,
  type Route as XdsRoute,
  type RouteActionSchema,
  type RouteMatchSchema,
  RouteSchema,
  type VirtualHost as XdsVirtualHost,
  VirtualHost_TlsRequirementType,
  VirtualHostSchema,
} from "@fairlead/api/gen/envoy/config/route/v3/route_components_pb";
import { PreviousHostsPredicateSchema } from "@fairlead/api/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb";
import type {
  ForwardAction,
  HashKey,
  HeaderChange,
  HeaderOperations,
  PathMatch,
  RedirectAction,
  RetryRule,
  Route,
  RouteConfiguration,
  RouteMatch,
  VirtualHost,
} from "../../ir/route.ts";
import { type Init, type Lines, metadata, milliseconds, NO_TIME, OWN_METADATA, pack } from "./any.ts";
import { FAULT_FILTER, toFault } from "./filter/fault.ts";
import { toClaimMatcher } from "./metadata-match.ts";
import { toFraction, toHeaderMatcher, toStringMatcher } from "./match.ts";

/** Istio's limit for bodies that a proxy answers itself. */
const MAX_BODY_BYTES = 1 << 20;
/** How often a retry looks for an endpoint that was not tried yet. */
const HOST_SELECTION_ATTEMPTS = 5n;

/** `lines`: without them in tables that stand inside a listener. */
export function toRouteConfiguration(configuration: RouteConfiguration, lines: Lines): XdsRouteConfiguration {
  return create(RouteConfigurationSchema, {
    name: configuration.name,
    virtualHosts: configuration.virtualHosts.map((host) => toVirtualHost(host, lines)),
    // A route to a cluster that is not there answers 503; the others go on.
    validateClusters: false,
    ignorePortInHostMatching: configuration.ignorePortInHost,
    maxDirectResponseBodySizeBytes: MAX_BODY_BYTES,
  });
}

/** See `toRouteConfiguration`. */
export function toVirtualHost(host: VirtualHost, lines: Lines): XdsVirtualHost {
  return create(VirtualHostSchema, {
    name: host.name,
    domains: [...host.domains],
    routes: host.routes.map((route) => toRoute(route, lines)),
    requireTls: host.requireTls ? VirtualHost_TlsRequirementType.ALL : VirtualHost_TlsRequirementType.NONE,
    includeRequestAttemptCount: true,
    ...withOrigins(host.origins, lines),
  });
}

function toRoute(route: Route, lines: Lines): XdsRoute {
  const headers = toHeaders(route.headers);
  return create(RouteSchema, {
    name: route.name,
    match: toMatch(route.match),
    action: toAction(route),
    ...headers,
    ...(route.operation === undefined ? {} : { decorator: { operation: route.operation } }),
    ...(route.fault === undefined ? {} : { typedPerFilterConfig: { [FAULT_FILTER]: toFault(route.fault) } }),
    ...withOrigins(route.origins, lines, route.action.kind === "forward" && route.action.retry?.isDefault === true ? DEFAULT_RETRY : {}),
  });
}

/** How a proxy of ours tells the mesh's default from what somebody wrote for this route. */
const DEFAULT_RETRY = { [OWN_METADATA]: { retry: "default" } };

function withOrigins(
  origins: Route["origins"],
  lines: Lines,
  more: Readonly<Record<string, JsonObject>> = {},
): Pick<Init<typeof RouteSchema>, "metadata"> {
  const value = metadata(origins, lines, more);
  return value === undefined ? {} : { metadata: value };
}

function toMatch(match: RouteMatch): Init<typeof RouteMatchSchema> {
  return {
    pathSpecifier: toPath(match.path),
    ...("ignoreCase" in match.path && match.path.ignoreCase ? { caseSensitive: false } : {}),
    headers: match.headers.map(toHeaderMatcher),
    dynamicMetadata: match.claims.map(({ path, match: value, negated }) =>
      toClaimMatcher(path, { kind: "any-of", matches: [value] }, negated),
    ),
    queryParameters: match.queryParameters.map(({ name, match: value }) => ({
      name,
      queryParameterMatchSpecifier:
        value.kind === "present" ? { case: "presentMatch", value: true } : { case: "stringMatch", value: toStringMatcher(value) },
    })),
  };
}

function toPath(path: PathMatch): NonNullable<Init<typeof RouteMatchSchema>["pathSpecifier"]> {
  switch (path.kind) {
    case "prefix":
      return { case: "prefix", value: path.value };
    case "segment-prefix":
      return { case: "pathSeparatedPrefix", value: path.value };
    case "exact":
      return { case: "path", value: path.value };
    case "regex":
      return { case: "safeRegex", value: { regex: path.value } };
    case "connect":
      return { case: "connectMatcher", value: {} };
  }
}

function toAction(route: Route): NonNullable<Init<typeof RouteSchema>["action"]> {
  const { action } = route;
  switch (action.kind) {
    case "forward":
      return { case: "route", value: toForward(action) };
    case "redirect":
      return { case: "redirect", value: toRedirect(action) };
    case "direct-response":
      return {
        case: "directResponse",
        value: {
          status: action.status,
          ...(action.body.length === 0 ? {} : { body: { specifier: toData(action.body) } }),
        },
      };
  }
}

/** Text stays readable; anything else is bytes. */
function toData(
  body: Uint8Array,
): { readonly case: "inlineString"; readonly value: string } | { readonly case: "inlineBytes"; readonly value: Uint8Array } {
  return isUtf8(body) ? { case: "inlineString", value: new TextDecoder().decode(body) } : { case: "inlineBytes", value: body };
}

function toForward(action: ForwardAction): Init<typeof RouteActionSchema> {
  const { rewrite } = action;
  const timeout = milliseconds(action.timeoutMs);
  return {
    clusterSpecifier: toClusters(action),
    timeout,
    // Lets gRPC callers shorten the time, which otherwise would be theirs alone to say.
    ...(action.terminateConnect ? {} : { maxStreamDuration: { maxStreamDuration: NO_TIME, grpcTimeoutHeaderMax: timeout } }),
    ...(action.retry === undefined ? {} : { retryPolicy: toRetry(action.retry) }),
    ...(rewrite?.uri === undefined ? {} : { prefixRewrite: rewrite.uri }),
    ...(rewrite?.uriRegex === undefined
      ? {}
      : { regexRewrite: { pattern: { regex: rewrite.uriRegex.match }, substitution: rewrite.uriRegex.rewrite } }),
    ...(rewrite?.authority === undefined ? {} : { hostRewriteSpecifier: { case: "hostRewriteLiteral", value: rewrite.authority } }),
    requestMirrorPolicies: action.mirrors.map((mirror) => ({
      cluster: mirror.cluster,
      runtimeFraction: { defaultValue: toFraction(mirror.percent) },
      disableShadowHostSuffixAppend: true,
      traceSampled: false,
    })),
    hashPolicy: action.hashKey === undefined ? [] : [toHashPolicy(action.hashKey)],
    ...(action.terminateConnect ? { upgradeConfigs: [{ upgradeType: "CONNECT", connectConfig: {} }] } : {}),
  };
}

function toClusters({ clusters }: ForwardAction): NonNullable<Init<typeof RouteActionSchema>["clusterSpecifier"]> {
  const [only] = clusters.length === 1 ? clusters : [];
  // What is said for a single destination was joined with the route's own headers.
  if (only !== undefined) return { case: "cluster", value: only.name };
  return {
    case: "weightedClusters",
    value: { clusters: clusters.map((cluster) => ({ name: cluster.name, weight: cluster.weight, ...toHeaders(cluster.headers) })) },
  };
}

function toRetry(retry: RetryRule): Init<typeof RetryPolicySchema> {
  return {
    retryOn: retry.retryOn.join(","),
    numRetries: retry.attempts,
    retriableStatusCodes: [...retry.retriableStatusCodes],
    ...(retry.perTryTimeoutMs === 0 ? {} : { perTryTimeout: milliseconds(retry.perTryTimeoutMs) }),
    ...(retry.backoffMs === undefined ? {} : { retryBackOff: { baseInterval: milliseconds(retry.backoffMs) } }),
    ...(retry.avoidPreviousHosts
      ? {
          retryHostPredicate: [
            { name: "envoy.retry_host_predicates.previous_hosts", configType: { case: "typedConfig", value: PREVIOUS_HOSTS } },
          ],
          hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
        }
      : {}),
  };
}

const PREVIOUS_HOSTS = pack(PreviousHostsPredicateSchema, {});

function toHashPolicy(key: HashKey): NonNullable<Init<typeof RouteActionSchema>["hashPolicy"]>[number] {
  switch (key.kind) {
    case "header":
      return { policySpecifier: { case: "header", value: { headerName: key.name } } };
    case "cookie":
      return {
        policySpecifier: {
          case: "cookie",
          value: { name: key.name, path: key.path, ...(key.ttlMs === undefined ? {} : { ttl: milliseconds(key.ttlMs) }) },
        },
      };
    case "source-ip":
      return { policySpecifier: { case: "connectionProperties", value: { sourceIp: true } } };
    case "query-parameter":
      return { policySpecifier: { case: "queryParameter", value: { name: key.name } } };
  }
}

const REDIRECT_CODES: Readonly<Record<number, RedirectAction_RedirectResponseCode>> = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
};

function toRedirect(redirect: RedirectAction): Extract<NonNullable<Init<typeof RouteSchema>["action"]>, { case: "redirect" }>["value"] {
  return {
    hostRedirect: redirect.host ?? "",
    portRedirect: redirect.port ?? 0,
    responseCode: REDIRECT_CODES[redirect.code] ?? RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
    ...(redirect.scheme === undefined ? {} : { schemeRewriteSpecifier: { case: "schemeRedirect", value: redirect.scheme } }),
    ...(redirect.prefix === undefined
      ? redirect.path === undefined
        ? {}
        : { pathRewriteSpecifier: { case: "pathRedirect", value: redirect.path } }
      : { pathRewriteSpecifier: { case: "prefixRewrite", value: redirect.prefix } }),
  };
}

type Headers = Pick<
  Init<typeof RouteSchema>,
  "requestHeadersToAdd" | "requestHeadersToRemove" | "responseHeadersToAdd" | "responseHeadersToRemove"
>;

function toHeaders({ request, response }: HeaderOperations): Headers {
  return {
    requestHeadersToAdd: toChanges(request),
    requestHeadersToRemove: [...request.remove],
    responseHeadersToAdd: toChanges(response),
    responseHeadersToRemove: [...response.remove],
  };
}

function toChanges(change: HeaderChange): Init<typeof HeaderValueOptionSchema>[] {
  return [
    ...toOptions(change.set, HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
    ...toOptions(change.add, HeaderValueOption_HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD),
  ];
}

function toOptions(
  headers: HeaderChange["set"],
  appendAction: HeaderValueOption_HeaderAppendAction,
): Init<typeof HeaderValueOptionSchema>[] {
  return Object.entries(headers).map(([key, value]) => ({ header: { key, value }, appendAction }));
}
