import { isIP } from "node:net";
import type { JsonValue } from "./bootstrap.ts";
import type { HttpListenerConfig, RouteConfig, StringMatch } from "./config.ts";
import type {
  AccessConfig,
  AccessLogConfig,
  ClientMatch,
  CorsConfig,
  FaultConfig,
  FilterConfig,
  HashConfig,
  RateLimitConfig,
  TokenIssuerConfig,
  TokenRequirementConfig,
} from "./policy-config.ts";
import type { VersionedFilter } from "./filters/versions.ts";

type JsonObject = { readonly [key: string]: JsonValue };

/** Names of the filters, by which routes configure them. */
const CORS = "cors";
const FAULT = "fault";
const TOKENS = "tokens";
const DENY = "deny";
const ALLOW = "allow";
const RATE_LIMIT = "rateLimit";

/**
 * The filters of a listener in the order that a request meets them. Only what the listener or one of its routes names is there: what nobody uses costs
 * nothing. None at all where nothing is named.
 */
export function toFilters({ hosts, tokenIssuers, rateLimit, filters: own = [] }: HttpListenerConfig): readonly JsonObject[] {
  const routes = hosts.flatMap((host) => host.routes);
  const has = (test: (route: RouteConfig) => boolean): boolean => routes.some(test);
  const filters: readonly (readonly [boolean, string, JsonValue])[] = [
    [has(({ cors }) => cors !== undefined), CORS, "cors"],
    [has(({ fault }) => fault !== undefined), FAULT, { fault: {} }],
    [has(({ token }) => token !== undefined), TOKENS, { jwtAuthn: toTokenFilter(tokenIssuers ?? {}, routes) }],
    [has(({ access }) => access?.deny !== undefined), DENY, { rbac: {} }],
    [has(({ access }) => access?.allow !== undefined), ALLOW, { rbac: {} }],
    [
      rateLimit !== undefined || has((route) => route.rateLimit !== undefined),
      RATE_LIMIT,
      { localRateLimit: rateLimit === undefined ? {} : toRateLimit(rateLimit) },
    ],
  ];
  // A route's filters stand in the places of the listener's: there are as many places as the longest list needs.
  const places = Math.max(own.length, ...routes.map((route) => route.filters?.length ?? 0));
  const modules = Array.from({ length: places }, (_none, place) => {
    const filter = own[place];
    return { name: placeOf(place), kind: { module: filter === undefined ? {} : toModule(filter) } };
  });
  const policies = filters.flatMap(([isUsed, name, kind]) => (isUsed ? [{ name, kind }] : []));
  const used = [...policies, ...modules];
  return used.length === 0 ? [] : [...used, { name: "router", kind: { router: {} } }];
}

/** Which of a listener's own filters stands at a place of the engine's list, if one does. */
export function ownFilterAt(listener: HttpListenerConfig, index: number): number | undefined {
  const name = toFilters(listener)[index]?.["name"];
  const place = typeof name === "string" ? /^filter(\d+)$/.exec(name)?.[1] : undefined;
  return place === undefined ? undefined : Number(place);
}

/** What a route says to the filters. */
export function toFilterOverrides({ cors, fault, token, access, rateLimit, filters }: RouteConfig, listenerFilters = 0): JsonObject {
  const overrides: readonly (readonly [string, JsonValue | undefined])[] = [
    [CORS, cors && { cors: toCors(cors) }],
    [FAULT, fault && { fault: toFault(fault) }],
    [TOKENS, token && { jwtRequirement: nameOf(token) }],
    [DENY, access?.deny && { rbac: toRules("deny", access) }],
    [ALLOW, access?.allow && { rbac: toRules("allow", access) }],
    [RATE_LIMIT, rateLimit && { localRateLimit: toRateLimit(rateLimit) }],
    ...toModules(filters, listenerFilters),
  ];
  return Object.fromEntries(overrides.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** A route's own filters, by place; what the listener has beyond them is off. */
function toModules(filters: readonly FilterConfig[] | undefined, listenerFilters: number): readonly (readonly [string, JsonValue])[] {
  if (filters === undefined) return [];
  return Array.from({ length: Math.max(filters.length, listenerFilters) }, (_none, place) => {
    const filter = filters[place];
    return [placeOf(place), filter === undefined ? "disabled" : { module: toModule(filter) }] as const;
  });
}

function toModule({ module, config, timeoutMs, failureMode, statusOnError, version = "" }: FilterConfig & VersionedFilter): JsonObject {
  return {
    module,
    version,
    ...(config === undefined ? {} : { config }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(statusOnError === undefined ? {} : { statusOnError }),
    failureModeAllow: failureMode === "open",
  };
}

/** Name of a place for filters, which problems speak of. */
function placeOf(place: number): string {
  return `filter${place}`;
}

/** What balancing by hash looks at. */
export function toHashPolicy(policies: readonly HashConfig[]): readonly JsonObject[] {
  // The first that a request has decides.
  return policies.map((policy) => ({ on: toHashOn(policy), terminal: true }));
}

/** Logs of a listener. */
export function toAccessLogs(logs: readonly AccessLogConfig[]): readonly JsonObject[] {
  return logs.map(({ path, format }) => {
    if (format === undefined) return { path, format: "default" };
    return {
      path,
      format: typeof format === "string" ? { text: format.endsWith("\n") ? format : `${format}\n` } : { json: { ...format } },
    };
  });
}

function toHashOn(policy: HashConfig): JsonValue {
  if ("header" in policy) return { header: { name: policy.header } };
  if ("query" in policy) return { queryParameter: policy.query };
  if ("client" in policy) return "sourceIp";
  const { cookie, ttlMs, path = "" } = policy;
  return { cookie: { name: cookie, path, ...(ttlMs === undefined ? {} : { ttlMs }) } };
}

function toRateLimit({ requests, perMs, burst = requests, status = 429 }: RateLimitConfig): JsonObject {
  const bucket = { maxTokens: burst, tokensPerFill: requests, fillIntervalMs: perMs };
  return { bucket, enabled: toShare(100), enforced: toShare(100), status };
}

/** Percent in the engine's millionths. */
function toShare(percent: number): number {
  return Math.round(percent * 10_000);
}

function toCors(cors: CorsConfig): JsonObject {
  return {
    allowOrigins: cors.allowOrigins.map(toMatcher),
    allowMethods: (cors.allowMethods ?? []).join(","),
    allowHeaders: (cors.allowHeaders ?? []).join(","),
    exposeHeaders: (cors.exposeHeaders ?? []).join(","),
    maxAge: cors.maxAgeSeconds === undefined ? "" : String(cors.maxAgeSeconds),
    allowCredentials: cors.allowCredentials ?? false,
  };
}

function toFault({ delay, abort }: FaultConfig): JsonObject {
  return {
    ...(delay === undefined ? {} : { delay: { kind: { fixedMs: delay.delayMs }, percentage: toShare(delay.percent) } }),
    ...(abort === undefined ? {} : { abort: { kind: { httpStatus: abort.status }, percentage: toShare(abort.percent) } }),
  };
}

function toRules(action: "allow" | "deny", access: AccessConfig): JsonObject {
  const clients = access[action] ?? [];
  // With `allow` and no policy the engine refuses everybody, which is what an empty list says.
  const policies = clients.length === 0 ? {} : { clients: { permissions: ["any"], principals: clients.map(toPrincipal) } };
  return { rules: { action, policies } };
}

function toPrincipal({ certificateName, addresses, headers = {} }: ClientMatch): JsonValue {
  const conditions: readonly JsonValue[] = [
    ...(certificateName === undefined ? [] : [{ authenticated: toMatcher(certificateName) }]),
    ...(addresses === undefined ? [] : [{ or: addresses.map((range) => ({ directRemoteIp: toRange(range) })) }]),
    ...Object.entries(headers).map(([name, test]) => ({
      header: { name, value: test === true ? { present: true } : { string: { ...test } } },
    })),
  ];
  return conditions.length === 0 ? "any" : { and: conditions };
}

function toMatcher(test: string | StringMatch): JsonObject {
  return typeof test === "string" ? { exact: test } : { ...test };
}

function toRange(range: string): string {
  return range.includes("/") ? range : `${range}/${isIP(range) === 6 ? 128 : 32}`;
}

function toTokenFilter(issuers: Readonly<Record<string, TokenIssuerConfig>>, routes: readonly RouteConfig[]): JsonObject {
  const requirements = routes.flatMap(({ token }) => (token === undefined ? [] : [[nameOf(token), toRequirement(token)] as const]));
  return {
    providers: Object.fromEntries(Object.entries(issuers).map(([name, issuer]) => [name, toProvider(issuer)])),
    requirements: Object.fromEntries(requirements),
    bypassCorsPreflight: true,
  };
}

/** The same for the same requirement. */
function nameOf({ issuers, optional = false }: TokenRequirementConfig): string {
  return JSON.stringify([issuers, optional]);
}

function toRequirement({ issuers, optional = false }: TokenRequirementConfig): JsonValue {
  const providers: readonly JsonValue[] = issuers.map((name) => ({ provider: { name } }));
  const [only, ...others] = optional ? [...providers, "allowMissing"] : providers;
  return only !== undefined && others.length === 0 ? only : { any: only === undefined ? [] : [only, ...others] };
}

function toProvider(issuer: TokenIssuerConfig): JsonObject {
  const { audiences = [], jwks, fromHeaders = [], fromQuery = [], fromCookies = [], forward = false, claimHeaders = {} } = issuer;
  return {
    issuer: issuer.issuer ?? "",
    audiences,
    jwks,
    fromHeaders: fromHeaders.map(({ name, prefix = "" }) => ({ name, prefix })),
    fromParams: fromQuery,
    fromCookies,
    forward,
    claimHeaders: Object.entries(claimHeaders).map(([header, claim]) => ({ header, claim })),
  };
}
