import type { ProxyConfigDump, ProxyExplainRequest, ProxyExplanation } from "@fairlead/api";
import { z } from "zod";
import type { ProxyConfig } from "./config.ts";
import { findConfigProblems } from "./config-check.ts";
import { toUserProblem } from "./config-path.ts";
import { toEngineConfig } from "./engine-config.ts";
import { parseExplainRequest } from "./explain-request.ts";
import { createNativeEngine } from "./native/addon.ts";
import type { EngineProblem } from "./native/engine.ts";
import { invalidConfig, ProxyError } from "./native/errors.ts";
import type { CreateEngine } from "./proxy.ts";

/** What is asked about: a request of which only the host has to be given. */
export type AskedRequest = Partial<ProxyExplainRequest> & Pick<ProxyExplainRequest, "authority">;

/**
 * What is wrong with a configuration, each problem with its path, by the code that would serve it; no error among them: `Proxy.start` takes it. Nothing
 * listens, so that a port in use is no problem here, and filters of your own are not loaded. Endpoints that are names are looked up.
 */
export async function checkConfig(config: ProxyConfig, createEngine: CreateEngine = createNativeEngine): Promise<readonly EngineProblem[]> {
  const malformed = findConfigProblems(config);
  if (malformed.length > 0) return malformed;
  await using engine = await startSilent(createEngine);
  return await engine.apply(toEngineConfig(config), config);
}

/**
 * Which way a request would take through a proxy with this configuration, and what decides so; nothing listens and nothing is sent. Rejects with
 * `invalid-config` where the proxy would not start.
 */
export async function explain(
  config: ProxyConfig,
  request: AskedRequest,
  createEngine: CreateEngine = createNativeEngine,
): Promise<ProxyExplanation> {
  const malformed = findConfigProblems(config);
  if (malformed.length > 0) throw invalidConfig(malformed);
  await using engine = await startSilent(createEngine);
  return await engine.explain(toEngineConfig(config), request, config);
}

/**
 * The same for what a proxy ran when its configuration was dumped (`GET /fairlead/config_dump`, `fairlead config … --output json`), with the endpoints and their
 * health of that time. Certificates are not part of a dump: `principal` says who the caller is.
 */
export async function explainDump(
  dump: Pick<ProxyConfigDump, "config">,
  request: AskedRequest,
  createEngine: CreateEngine = createNativeEngine,
): Promise<ProxyExplanation> {
  await using engine = await startSilent(createEngine);
  return await engine.explain(fromDump(dump.config), request);
}

type JsonObject = Readonly<Record<string, unknown>>;

interface SilentEngine extends AsyncDisposable {
  /** With what `config` was made from problems are told of the user's fields. */
  apply(config: JsonObject, source?: ProxyConfig): Promise<readonly EngineProblem[]>;
  explain(config: JsonObject, request: AskedRequest, source?: ProxyConfig): Promise<ProxyExplanation>;
}

/** The engine that serves, without sockets. */
async function startSilent(createEngine: CreateEngine): Promise<SilentEngine> {
  const engine = await createEngine({ workers: 1, reportIntervalMs: 0, assumesFilters: true });
  const apply = async (config: JsonObject, source?: ProxyConfig): Promise<readonly EngineProblem[]> => {
    const json = JSON.stringify({ ...config, listeners: toObjects(config["listeners"]).map(withoutSocket) });
    const problems = await engine.applyConfig(json);
    return source === undefined ? problems : problems.map((problem) => toUserProblem(problem, source, json));
  };
  return {
    apply,
    async explain(config, request, source) {
      const asked = parseExplainRequest(request);
      const problems = await apply(config, source);
      if (problems.some(({ severity }) => severity === "error")) throw invalidConfig(problems);
      return engine.explain(asked);
    },
    [Symbol.asyncDispose]: () => engine.stop(),
  };
}

function withoutSocket(listener: JsonObject): JsonObject {
  // The one that takes whatever is redirected is found by being bound: to an address that no socket has.
  if (listener["useOriginalDst"] === true && listener["bindToPort"] !== false)
    return { ...listener, address: `internal:${String(listener["name"])}`, additionalAddresses: [] };
  return { ...listener, bindToPort: false };
}

const objectSchema = z.record(z.string(), z.unknown());
const objectsSchema = z.array(objectSchema).default([]);
const dumpSchema = z.object({
  listeners: z.array(z.object({ config: objectSchema })),
  routes: z.array(z.object({ config: objectSchema })).default([]),
  clusters: z.array(z.object({ name: z.string(), config: objectSchema })),
  endpoints: z
    .array(
      z.object({
        name: z.string(),
        endpoints: z.array(z.object({ address: z.string(), weight: z.number(), health: z.unknown(), healthy: z.boolean() })),
      }),
    )
    .default([]),
});

type Dump = z.output<typeof dumpSchema>;

/** The engine's configuration again, as far as requests find their way by it. */
function fromDump(config: unknown): JsonObject {
  const parsed = dumpSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProxyError("cannot-explain", `not a dump of a proxy's configuration: ${issue?.path.join(".") || "(all)"}: ${issue?.message}`);
  }
  const { listeners, routes, clusters, endpoints } = parsed.data;
  const endpointsOf = new Map(endpoints.map((entry) => [entry.name, entry.endpoints]));
  return {
    listeners: listeners.map((listener) => withoutCertificates(listener.config)),
    routes: routes.map((route) => route.config),
    clusters: clusters.map((cluster) => withEndpoints(cluster.config, endpointsOf.get(cluster.name) ?? [])),
  };
}

/** A dump names secrets and has none; a listener that waits for its own would take no request. */
function withoutCertificates(listener: JsonObject): JsonObject {
  const withoutTls = (chain: JsonObject): JsonObject => ({ ...chain, tls: null });
  const byDefault = objectSchema.safeParse(listener["defaultFilterChain"]);
  return {
    ...listener,
    filterChains: toObjects(listener["filterChains"]).map(withoutTls),
    ...(byDefault.success ? { defaultFilterChain: withoutTls(byDefault.data) } : {}),
  };
}

/** A cluster that knows its endpoints, as they were. */
function withEndpoints(cluster: JsonObject, endpoints: Dump["endpoints"][number]["endpoints"]): JsonObject {
  const plain = { ...cluster, transport: "plain", transportMatches: [] };
  if (endpoints.length === 0) return plain;
  const known = endpoints.map(({ address, weight, health, healthy }) => ({ address, weight, health: healthy ? health : "unhealthy" }));
  return { ...plain, kind: "static", endpoints: [{ endpoints: known }] };
}

function toObjects(value: unknown): readonly JsonObject[] {
  return objectsSchema.parse(value);
}
