import type { ServerResponse } from "node:http";
import { create, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { type TapRequest, TapRequestSchema } from "@fairlead/api/gen/envoy/admin/v3/tap_pb";
import { TapConfigSchema } from "@fairlead/api/gen/envoy/config/tap/v3/common_pb";
import { type Clock, messageOf, type Monitoring } from "@fairlead/kit";
import type { EngineTapRequest } from "../native/engine.ts";
import type { AdminPorts } from "./ports.ts";
import { queryOf } from "./query.ts";
import { AdminRefusal } from "./refusal.ts";

export type TapPorts = { readonly engine: Pick<AdminPorts["engine"], "startTap">; readonly clock: Clock };

/** What a client that does not read may leave unread; more traces are thrown away until it does. */
const MAX_UNREAD_BYTES = 8 << 20;
/** What is kept for a client that wants its traces together. */
const MAX_KEPT_BYTES = 64 << 20;

/**
 * `POST /tap` as Envoy has it: answers with the requests that are recorded, one after the other as they end, until the client goes (`streaming_admin`), or
 * together once there are enough or the time is over (`buffered_admin`).
 */
export function addTap(server: Monitoring["server"], ports: TapPorts): void {
  server.post("/tap", async (request, reply) => {
    const asked = parseRequest(request.body);
    const toEngine = toEngineRequest(asked, queryOf(request.url));
    const limits = limitsOf(asked);
    const answer = createAnswer(reply.raw, limits);
    // Throws before anything is answered.
    const end = ports.engine.startTap(toEngine, (trace) => answer.take(trace));
    reply.hijack();
    // A quiet client is not an idle one: it waits for requests.
    request.raw.socket.setTimeout(0);
    const cancel = limits.timeoutMs === 0 ? undefined : ports.clock.after(limits.timeoutMs, () => answer.finish());
    reply.raw.once("close", () => {
      cancel?.();
      end();
    });
    answer.begin();
  });
}

function parseRequest(body: unknown): TapRequest {
  try {
    // What a client sent as JSON is JSON.
    return fromJson(TapRequestSchema, body as JsonValue);
  } catch (error) {
    throw new AdminRefusal(400, `not a request to record: ${messageOf(error)}`);
  }
}

function toEngineRequest({ configId, tapConfig }: TapRequest, query: URLSearchParams): EngineTapRequest {
  if (configId === "") throw new AdminRefusal(400, 'config_id: is missing; write "fairlead" for every request of this proxy');
  const secrets = query.get("secrets");
  if (secrets !== null && secrets !== "shown") throw new AdminRefusal(400, `secrets=${secrets}: write secrets=shown, or leave it out`);
  const config = toBinary(TapConfigSchema, tapConfig ?? create(TapConfigSchema));
  return { configId, config, showsSecrets: secrets === "shown" };
}

interface Limits {
  /** Undefined: traces are sent as they come. */
  readonly together: number | undefined;
  /** 0: none. */
  readonly timeoutMs: number;
}

function limitsOf({ tapConfig }: TapRequest): Limits {
  const sink = tapConfig?.outputConfig?.sinks[0]?.outputSinkType;
  if (sink?.case !== "bufferedAdmin") return { together: undefined, timeoutMs: 0 };
  const { maxTraces, timeout } = sink.value;
  if (maxTraces === 0n)
    throw new AdminRefusal(400, "tap_config.output_config.sinks[0].buffered_admin.max_traces: has to be greater than 0");
  const timeoutMs = timeout === undefined ? 0 : Number(timeout.seconds) * 1000 + Math.round(timeout.nanos / 1_000_000);
  // What a timer of Node takes.
  return { together: Number(maxTraces), timeoutMs: Math.min(timeoutMs, 2 ** 31 - 1) };
}

interface Answer {
  begin(): void;
  take(trace: Uint8Array): void;
  finish(): void;
}

function createAnswer(response: ServerResponse, { together }: Limits): Answer {
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  const finish = (): void => {
    if (response.writableEnded) return;
    response.end(Buffer.concat(kept));
  };
  return {
    begin: () => {
      response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, max-age=0" });
      response.flushHeaders();
    },
    take: (trace) => {
      if (response.writableEnded) return;
      if (together === undefined) {
        if (response.writableLength < MAX_UNREAD_BYTES) response.write(trace);
        return;
      }
      kept.push(trace);
      keptBytes += trace.length;
      if (kept.length >= together || keptBytes >= MAX_KEPT_BYTES) finish();
    },
    finish,
  };
}
