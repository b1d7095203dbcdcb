import { isIP } from "node:net";
import { Secret } from "@fairlead/kit";
import { z } from "zod";
import {
  accessLogSchema,
  accessSchema,
  corsSchema,
  faultSchema,
  filtersSchema,
  hashSchema,
  rateLimitSchema,
  tokenIssuersSchema,
  tokenSchema,
} from "./policy-check.ts";
import { presenceSchema } from "./string-check.ts";
import type { ClusterConfig, ListenerConfig, ProxyConfig, WeightedCluster } from "./config.ts";
import type { EngineProblem, ProxyLimits } from "./native/engine.ts";

/**
 * What is wrong with a configuration as far as its form goes, in the user's own paths (`listeners[0].hosts[1].routes[0].action.timeoutMs`): fields that
 * there are not, values of another type or out of range, names that nothing has. What values mean is the engine's to judge.
 */
export function findConfigProblems(config: unknown): readonly EngineProblem[] {
  const parsed = configSchema.safeParse(withoutUndefined(config), REPORT);
  if (!parsed.success) return toProblems(parsed.error);
  return [
    ...duplicates("listeners", parsed.data.listeners),
    ...duplicates("clusters", parsed.data.clusters),
    ...missingClusters(parsed.data),
    ...missingIssuers(parsed.data),
  ];
}

/** The same for what a proxy is started with beside its configuration. */
export function findOptionProblems(options: OptionValues): readonly EngineProblem[] {
  if (typeof options !== "object" || options === null) return [problem("", "give an object with a config")];
  const { workers, limits, reportIntervalMs, sampleRate, filters } = options;
  const parsed = optionsSchema.safeParse(withoutUndefined({ workers, limits, reportIntervalMs, sampleRate, filters }), REPORT);
  return parsed.success ? [] : toProblems(parsed.error);
}

/** The same for how long a drain may take. */
export function findDeadlineProblems(deadlineMs: unknown): readonly EngineProblem[] {
  const parsed = z.strictObject({ deadlineMs: timeMs }).safeParse({ deadlineMs }, REPORT);
  return parsed.success ? [] : toProblems(parsed.error);
}

interface OptionValues {
  readonly workers?: unknown;
  readonly limits?: unknown;
  readonly reportIntervalMs?: unknown;
  readonly sampleRate?: unknown;
  readonly filters?: unknown;
}

/** A configuration's field as people write it. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[a-zA-Z_]\w*$/.test(String(part))) return `${text}[${JSON.stringify(String(part))}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

/** Longest time in milliseconds that a timer takes. */
const MAX_MS = 2_147_483_647;
const MAX_U32 = 4_294_967_295;

const timeMs = z.int().min(0).max(MAX_MS);
const positiveMs = z.int().min(1).max(MAX_MS);
const count = z.int().min(0).max(MAX_U32);
const positive = z.int().min(1).max(MAX_U32);
const percent = z.number().min(0).max(100);
const name = z.string().min(1);
const status = z.int().min(100).max(599);

const addressSchema = z.string().refine((value) => isAddress(value), { error: "not an address: write ip:port, or [ip]:port for IPv6" });
const endpointAddressSchema = z.string().refine((value) => isEndpoint(value), { error: "not an address: write host:port" });

const weightedSchema = z.array(z.strictObject({ cluster: name, weight: count })).min(1);
const targetSchema = z.union([name, weightedSchema], { error: "name a cluster, or list clusters with their weights" });

const pathMatchSchema = z.union(
  [z.strictObject({ exact: z.string() }), z.strictObject({ prefix: z.string() }), z.strictObject({ regex: z.string() })],
  { error: "give one of exact, prefix and regex" },
);

const headerChangesSchema = z.strictObject({
  set: z.record(z.string(), z.string()).exactOptional(),
  add: z.record(z.string(), z.string()).exactOptional(),
  remove: z.array(z.string()).exactOptional(),
});

const retrySchema = z.strictObject({
  on: z.array(z.enum(["5xx", "gateway-error", "reset", "connect-failure", "refused-stream", "retriable-4xx"])),
  attempts: count.exactOptional(),
  perTryTimeoutMs: timeMs.exactOptional(),
});

const actionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("forward"),
    to: targetSchema,
    timeoutMs: timeMs.exactOptional(),
    rewritePrefix: z.string().exactOptional(),
    rewriteHost: z.string().exactOptional(),
    retry: retrySchema.exactOptional(),
    mirrorTo: z.array(name).exactOptional(),
    hashOn: z.array(hashSchema).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("redirect"),
    scheme: z.enum(["http", "https"]).exactOptional(),
    host: z.string().exactOptional(),
    port: z.int().min(1).max(65_535).exactOptional(),
    path: z.string().exactOptional(),
    status: z
      .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)], { error: "write 301, 302, 303, 307 or 308" })
      .exactOptional(),
  }),
  z.strictObject({ kind: z.literal("respond"), status: z.int().min(200).max(599), body: z.string().exactOptional() }),
]);

const routeSchema = z.strictObject({
  name: z.string().exactOptional(),
  match: z
    .strictObject({
      path: pathMatchSchema.exactOptional(),
      method: name.exactOptional(),
      headers: z.record(z.string(), presenceSchema).exactOptional(),
      query: z.record(z.string(), presenceSchema).exactOptional(),
    })
    .exactOptional(),
  action: actionSchema,
  requestHeaders: headerChangesSchema.exactOptional(),
  responseHeaders: headerChangesSchema.exactOptional(),
  cors: corsSchema.exactOptional(),
  fault: faultSchema.exactOptional(),
  token: tokenSchema.exactOptional(),
  access: accessSchema.exactOptional(),
  rateLimit: rateLimitSchema.exactOptional(),
  filters: filtersSchema.exactOptional(),
});

const certificateSchema = z.strictObject({
  chainPem: z.string(),
  privateKeyPem: z.union([z.string(), z.custom<Secret<string>>((value) => value instanceof Secret)], { error: "give a text, or a Secret" }),
});

const listenerTlsSchema = z.strictObject({
  certificate: certificateSchema,
  handshakeTimeoutMs: positiveMs.exactOptional(),
  clientRootsPem: z.string().exactOptional(),
});

const listenerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    name,
    address: addressSchema,
    tls: listenerTlsSchema.exactOptional(),
    requestHeadersTimeoutMs: timeMs.exactOptional(),
    idleTimeoutMs: timeMs.exactOptional(),
    streamIdleTimeoutMs: timeMs.exactOptional(),
    tokenIssuers: tokenIssuersSchema.exactOptional(),
    rateLimit: rateLimitSchema.exactOptional(),
    filters: filtersSchema.exactOptional(),
    accessLogs: z.array(accessLogSchema).exactOptional(),
    hosts: z.array(z.strictObject({ domains: z.array(name).min(1).exactOptional(), routes: z.array(routeSchema) })),
  }),
  z.strictObject({
    kind: z.literal("tcp"),
    name,
    address: addressSchema,
    tls: listenerTlsSchema.exactOptional(),
    to: targetSchema,
    idleTimeoutMs: timeMs.exactOptional(),
    accessLogs: z.array(accessLogSchema).exactOptional(),
  }),
]);

const outlierSchema = z.strictObject({
  consecutiveFailures: count.exactOptional(),
  intervalMs: positiveMs.exactOptional(),
  ejectionTimeMs: positiveMs.exactOptional(),
  maxEjectedPercent: percent.exactOptional(),
  successRate: z
    .strictObject({
      deviations: z.number().min(0).exactOptional(),
      minimumEndpoints: count.exactOptional(),
      minimumRequests: count.exactOptional(),
    })
    .exactOptional(),
  failurePercentage: z
    .strictObject({ percent: percent.exactOptional(), minimumEndpoints: count.exactOptional(), minimumRequests: count.exactOptional() })
    .exactOptional(),
});

const timingShape = {
  intervalMs: positiveMs.exactOptional(),
  timeoutMs: positiveMs.exactOptional(),
  unhealthyThreshold: positive.exactOptional(),
  healthyThreshold: positive.exactOptional(),
  jitterMs: timeMs.exactOptional(),
  port: z.int().min(1).max(65_535).exactOptional(),
};
const statusesSchema = z.array(
  z.union([status, z.strictObject({ from: status, to: status })], { error: "give a status, or { from, to }" }),
);
const payloadSchema = z.union([z.string(), z.instanceof(Uint8Array)], { error: "give a text, or bytes" });

const healthCheckSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    ...timingShape,
    path: z.string().startsWith("/"),
    host: z.string().exactOptional(),
    method: name.exactOptional(),
    headers: z.record(z.string(), z.string()).exactOptional(),
    expectedStatuses: statusesSchema.exactOptional(),
    retriableStatuses: statusesSchema.exactOptional(),
    contains: z.array(z.string()).exactOptional(),
    http2: z.boolean().exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("tcp"),
    ...timingShape,
    send: payloadSchema.exactOptional(),
    receive: z.array(payloadSchema).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("grpc"), ...timingShape, service: z.string().exactOptional(), host: z.string().exactOptional() }),
]);

const clusterSchema = z.strictObject({
  name,
  endpoints: z.array(
    z.union([endpointAddressSchema, z.strictObject({ address: endpointAddressSchema, weight: positive.exactOptional() })], {
      error: "write host:port, or { address, weight }",
    }),
  ),
  loadBalancer: z.enum(["roundRobin", "leastRequest", "random", "ringHash", "maglev"]).exactOptional(),
  connectTimeoutMs: positiveMs.exactOptional(),
  limits: z
    .strictObject({ maxConnections: count.exactOptional(), maxPendingRequests: count.exactOptional(), maxRequests: count.exactOptional() })
    .exactOptional(),
  outlierDetection: outlierSchema.exactOptional(),
  healthCheck: healthCheckSchema.exactOptional(),
  tls: z
    .strictObject({ serverName: name, rootsPem: z.string().exactOptional(), certificate: certificateSchema.exactOptional() })
    .exactOptional(),
  protocol: z.enum(["http1", "http2", "auto"]).exactOptional(),
});

/** The types in `config.ts`, for programs that no compiler has checked. */
const configSchema: z.ZodType<ProxyConfig> = z.strictObject({ listeners: z.array(listenerSchema), clusters: z.array(clusterSchema) });

const limitsSchema: z.ZodType<ProxyLimits> = z.strictObject({
  maxConnections: positive.exactOptional(),
  maxMemoryBytes: z.int().min(0).exactOptional(),
  maxHeadBytes: z.int().min(1_024).max(1_048_576).exactOptional(),
  maxHeaders: z.int().min(1).max(128).exactOptional(),
  maxReplayBytes: z.int().min(0).max(67_108_864).exactOptional(),
  requestHeadersTimeoutMs: timeMs.exactOptional(),
  idleTimeoutMs: timeMs.exactOptional(),
  transportTimeoutMs: positiveMs.exactOptional(),
});
const optionsSchema = z.strictObject({
  workers: z.int().min(0).max(1_024).exactOptional(),
  limits: limitsSchema.exactOptional(),
  reportIntervalMs: positiveMs.exactOptional(),
  sampleRate: z.number().min(0).max(1).exactOptional(),
  filters: z
    .strictObject({
      directory: z.union([name, z.instanceof(URL)], { error: "give a path, or a URL of a file" }),
      threads: z.int().min(1).max(64).exactOptional(),
      onProblem: z.custom((value) => typeof value === "function", { error: "give a function" }).exactOptional(),
    })
    .exactOptional(),
});

function isAddress(value: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
  return match !== null && isIP(match[1] ?? match[2] ?? "") !== 0 && Number(match[3]) <= 65_535;
}

function isEndpoint(value: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:\s/]+)):(\d{1,5})$/.exec(value);
  return match !== null && (match[1] === undefined || isIP(match[1]) === 6) && Number(match[3]) <= 65_535;
}

function toProblems(error: z.ZodError): readonly EngineProblem[] {
  return error.issues.map((issue) => problem(formatPath(issue.path), messageOf(issue)));
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `there is no field ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
  const message = `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  // Certificates and keys are objects and long texts: neither is ever repeated.
  const isShort = typeof issue.input === "number" || (typeof issue.input === "string" && issue.input.length <= MAX_SHOWN);
  return isShort ? `${typeof issue.input === "number" ? issue.input : JSON.stringify(issue.input)}: ${message}` : message;
}

/** Longest text that a message repeats. */
const MAX_SHOWN = 64;
const REPORT = { reportInput: true };

/** A field that is undefined is one that is not there, in programs without `exactOptionalPropertyTypes`. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.some(hasUndefined) ? value.map(withoutUndefined) : value;
  if (!hasUndefined(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutUndefined(child)]));
}

/** Looked for first: a configuration may have thousands of objects, applied many times, and mostly none is to be copied. */
function hasUndefined(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasUndefined);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).some((child) => child === undefined || hasUndefined(child));
}

function problem(path: string, message: string): EngineProblem {
  return { severity: "error", resourceType: "config", name: "", path, message };
}

function duplicates(list: "listeners" | "clusters", items: readonly (ListenerConfig | ClusterConfig)[]): readonly EngineProblem[] {
  const places = new Map<string, number>();
  return items.flatMap((item, index) => {
    const first = places.get(item.name);
    if (first === undefined) places.set(item.name, index);
    return first === undefined
      ? []
      : [problem(`${list}[${index}].name`, `"${item.name}" is the name of ${list}[${first}], too; give each its own`)];
  });
}

function missingClusters({ listeners, clusters }: ProxyConfig): readonly EngineProblem[] {
  const names = new Set(clusters.map(({ name }) => name));
  const isMissing = ({ cluster }: Reference): boolean => !names.has(cluster);
  return listeners
    .flatMap((listener, index) => referencesOf(listener, `listeners[${index}]`))
    .filter(isMissing)
    .map(({ path, cluster }) =>
      problem(path, `there is no cluster "${cluster}"; there ${names.size === 0 ? "are none" : `are: ${[...names].join(", ")}`}`),
    );
}

function missingIssuers({ listeners }: ProxyConfig): readonly EngineProblem[] {
  return listeners.flatMap((listener, index) => {
    if (listener.kind !== "http") return [];
    const names = Object.keys(listener.tokenIssuers ?? {});
    return listener.hosts.flatMap(({ routes }, host) =>
      routes.flatMap(({ token }, route) =>
        (token?.issuers ?? []).flatMap((issuer, at) => {
          const path = `listeners[${index}].hosts[${host}].routes[${route}].token.issuers[${at}]`;
          const known = names.length === 0 ? "has none" : `has: ${names.join(", ")}`;
          return names.includes(issuer) ? [] : [problem(path, `there is no token issuer "${issuer}"; the listener ${known}`)];
        }),
      ),
    );
  });
}

interface Reference {
  readonly path: string;
  readonly cluster: string;
}

function referencesOf(listener: ListenerConfig, path: string): readonly Reference[] {
  if (listener.kind === "tcp") return targetsOf(listener.to, `${path}.to`);
  return listener.hosts.flatMap(({ routes }, host) =>
    routes.flatMap(({ action }, route) => {
      if (action.kind !== "forward") return [];
      const at = `${path}.hosts[${host}].routes[${route}].action`;
      const mirrors = (action.mirrorTo ?? []).map((cluster, index) => ({ path: `${at}.mirrorTo[${index}]`, cluster }));
      return [...targetsOf(action.to, `${at}.to`), ...mirrors];
    }),
  );
}

function targetsOf(to: string | readonly WeightedCluster[], path: string): readonly Reference[] {
  if (typeof to === "string") return [{ path, cluster: to }];
  return to.map(({ cluster }, index) => ({ path: `${path}[${index}].cluster`, cluster }));
}
