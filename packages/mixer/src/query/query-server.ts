import {
  accessLogsAnswerSchema,
  accessLogsQuerySchema,
  requestsAnswerSchema,
  requestsQuerySchema,
  type TelemetryError,
  telemetryErrorSchema,
  timeseriesAnswerSchema,
  timeseriesQuerySchema,
  topologyAnswerSchema,
  topologyQuerySchema,
  traceAnswerSchema,
  tracesAnswerSchema,
  tracesQuerySchema,
  workloadsAnswerSchema,
} from "@fairlead/api";
import { type Clock, type Logger, splitAddress, VERSION } from "@fairlead/kit";
import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";
import { queryAccessLogs } from "./access-logs.ts";
import { type Exposition, EXPOSITION_CONTENT_TYPE } from "./exposition.ts";
import { QueryError } from "./query-error.ts";
import { parseRange, type StoredTime } from "./range.ts";
import { queryRequests, type QuerySources, queryTimeseries } from "./requests.ts";
import { queryTopology } from "./topology.ts";
import { queryTrace, queryTraces } from "./traces.ts";
import { listWorkloads } from "./workloads.ts";

export interface QueryServerOptions {
  readonly sources: QuerySources;
  readonly exposition: Exposition;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Queries that may run or wait at the same time; the store works on one at a time. */
const MAX_CONCURRENT = 32;
const STATUS: Readonly<Record<TelemetryError["error"]["code"], number>> = {
  "invalid-query": 400,
  "not-found": 404,
  "too-large": 400,
  busy: 503,
  internal: 500,
};
const ABOUT = `Answers what the mesh's proxies reported. Which reports count: with \`reporter=auto\`, the default, every request counts once. Reports of the
caller's proxy count; they are completed by reports of the called end's proxy where the caller has none (callers outside the mesh, callers whose proxy
does not report). The pair is recognised by the caller's identity and the called workload over the whole range; plaintext calls, which carry no
identity, count at the called end only while no caller reports plaintext calls to the same workload. A request is an error where the downstream got a
5xx or no response, or a gRPC status other than OK. Values that no one knows are \`unknown\`; a request without response flags has \`-\`. Latency
quantiles come from histograms of sixteen buckets per power of two: they are off by less than 6.25 %. Numbers are kept for 6 hours at 10 s and for 7
days at one minute.`;

/** The telemetry query API, ready to `listen`. */
export async function createQueryServer(options: QueryServerOptions): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: 1024,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  });
  // Queries are parsed with their zod schemas below; the JSON schemas are for the OpenAPI document.
  server.setValidatorCompiler(() => () => true);
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send(toError("not-found", `no such resource: ${request.method} ${request.url.slice(0, 200)}; see /openapi.json`)),
  );
  server.setErrorHandler((error, _request, reply) => sendError(error, reply, options.logger));
  await server.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: "Fairlead telemetry query API", version: VERSION, description: ABOUT } },
    hideUntagged: false,
  });
  // Routes go into a plugin: only then does the swagger plugin see them.
  await server.register((scope) => addRoutes(scope, options));
  server.get("/openapi.json", { schema: { hide: true } }, () => server.swagger());
  return server;
}

/** Starts to listen; answers `host:port` with the port it got. */
export async function listenAt(server: FastifyInstance, address: string): Promise<string> {
  const { host, port } = splitAddress(address);
  await server.listen({ host, port });
  const bound = server.server.address();
  return typeof bound === "object" && bound !== null ? `${host.includes(":") ? `[${host}]` : host}:${bound.port}` : address;
}

async function addRoutes(server: FastifyInstance, { sources, exposition, clock }: QueryServerOptions): Promise<void> {
  const limited = createLimit(MAX_CONCURRENT);
  const stored = (): StoredTime => ({ nowMs: clock.now(), fineMs: sources.fineMs });
  const noQuery = z.strictObject({});
  addRoute(server, {
    path: "/api/v1/requests",
    summary: "Request counts, rates, errors, latency and share of mutual TLS by any labels",
    query: requestsQuerySchema,
    answer: requestsAnswerSchema,
    run: (query) => limited(() => queryRequests(sources, parseRange(query, stored()), query)),
  });
  addRoute(server, {
    path: "/api/v1/timeseries",
    summary: "The same over time, in steps",
    query: timeseriesQuerySchema,
    answer: timeseriesAnswerSchema,
    run: (query) => limited(() => queryTimeseries(sources, parseRange(query, stored()), { ...query, nowMs: clock.now() })),
  });
  addRoute(server, {
    path: "/api/v1/topology",
    summary: "Who calls whom: nodes, and edges with rate, error rate, latency and share of mutual TLS",
    query: topologyQuerySchema,
    answer: topologyAnswerSchema,
    run: (query) => limited(() => queryTopology(sources, parseRange(query, stored()), query)),
  });
  addRoute(server, {
    path: "/api/v1/access-logs",
    summary: "Recent samples of access logs, newest first",
    query: accessLogsQuerySchema,
    answer: accessLogsAnswerSchema,
    run: (query) => limited(() => queryAccessLogs(sources, parseRange(query, stored()), query)),
  });
  addRoute(server, {
    path: "/api/v1/traces",
    summary: "Recent traces, newest first",
    query: tracesQuerySchema,
    answer: tracesAnswerSchema,
    run: (query) => limited(() => queryTraces(sources, parseRange(query, stored()), query)),
  });
  addRoute(server, {
    path: "/api/v1/traces/:traceId",
    summary: "One trace, its spans as trees",
    query: noQuery,
    parameters: z.object({ traceId: z.string().describe("32 lower-case hexadecimal digits") }),
    answer: traceAnswerSchema,
    run: (_query, { traceId = "" }) => limited(() => queryTrace(sources, traceId, clock.now())),
  });
  addRoute(server, {
    path: "/api/v1/workloads",
    summary: "Workloads whose proxies report or reported",
    query: noQuery,
    answer: workloadsAnswerSchema,
    run: async () => listWorkloads(sources.directory, clock.now()),
  });
  server.get(
    "/metrics",
    {
      schema: {
        summary: "The mesh's series for Prometheus, under Istio's names",
        response: { 200: { description: "Prometheus exposition format", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
    (_request, reply) => reply.serializer(String).type(EXPOSITION_CONTENT_TYPE).send(exposition.render(clock.now())),
  );
}

interface Route<Query extends z.ZodType, Answer extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly query: Query;
  readonly parameters?: z.ZodType;
  readonly answer: Answer;
  readonly run: (query: z.output<Query>, parameters: Readonly<Record<string, string>>) => Promise<z.output<Answer>>;
}

const parametersSchema = z.record(z.string(), z.string());

function addRoute<Query extends z.ZodType, Answer extends z.ZodType>(server: FastifyInstance, route: Route<Query, Answer>): void {
  const schema = {
    summary: route.summary,
    querystring: toJsonSchema(route.query, "input"),
    ...(route.parameters === undefined ? {} : { params: toJsonSchema(route.parameters, "input") }),
    response: {
      200: { description: "the answer", ...toJsonSchema(route.answer, "output") },
      "4xx": { description: "what is wrong with the query", ...toJsonSchema(telemetryErrorSchema, "output") },
    },
  };
  server.get(route.path, { schema }, (request) => answer(route, request.query, request.params));
}

async function answer<Query extends z.ZodType, Answer extends z.ZodType>(
  route: Route<Query, Answer>,
  rawQuery: unknown,
  parameters: unknown,
): Promise<z.output<Answer>> {
  const query = route.query.safeParse(rawQuery);
  if (!query.success) throw new QueryError("invalid-query", query.error.issues.map(describeIssue).join("; "));
  return route.run(query.data, parametersSchema.parse(parameters));
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `unknown parameter ${issue.keys.map((key) => `"${key.slice(0, 100)}"`).join(", ")}; see /openapi.json`;
  const message = issue.message.startsWith("must") ? issue.message : issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return `${issue.path.join(".") || "query"}: ${message}`;
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, reused: "inline" });
  return json;
}

interface ErrorReply {
  code(status: number): { send(body: TelemetryError): unknown };
}

function sendError(error: unknown, reply: ErrorReply, logger: Logger): unknown {
  if (error instanceof QueryError) return reply.code(STATUS[error.code]).send(toError(error.code, error.message));
  const status = error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
  // What fastify itself refuses: bad URLs, bodies, headers.
  if (status < 500 && error instanceof Error) return reply.code(status).send(toError("invalid-query", error.message));
  logger.error({ err: error }, "query failed");
  return reply.code(500).send(toError("internal", "the query failed; mixer's log says why"));
}

function toError(code: TelemetryError["error"]["code"], message: string): TelemetryError {
  return { error: { code, message } };
}

function createLimit(limit: number): <Value>(run: () => Promise<Value>) => Promise<Value> {
  let running = 0;
  return async (run) => {
    if (running >= limit) throw new QueryError("busy", `${limit} queries are running already; try again`);
    running += 1;
    try {
      return await run();
    } finally {
      running -= 1;
    }
  };
}
