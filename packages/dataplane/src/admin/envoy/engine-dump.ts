import { z } from "zod";
import type { Engine } from "../../native/engine.ts";

const endpointSchema = z.object({
  address: z.string(),
  weight: z.number(),
  health: z.string(),
  ejected: z.boolean(),
  failedActiveHealthCheck: z.boolean(),
  pendingActiveHealthCheck: z.boolean(),
  lastHealthCheckFailure: z.string().nullable(),
  activeRequests: z.number(),
  connections: z.number(),
  requestsTotal: z.number(),
  errorsTotal: z.number(),
  connectFailuresTotal: z.number(),
});

const dumpSchema = z.object({
  listeners: z
    .array(
      z.object({
        name: z.string(),
        state: z.string(),
        boundAddresses: z.array(z.string()),
        waitingFor: z.array(z.string()).nullable(),
      }),
    )
    .default([]),
  clusters: z.array(z.object({ name: z.string() })).default([]),
  endpoints: z.array(z.object({ clusterName: z.string(), endpoints: z.array(endpointSchema) })).default([]),
});

/** Of the engine's own account what has a place in Envoy's shapes. */
export type EngineDump = z.output<typeof dumpSchema>;

/** An endpoint as the engine sees it. */
export type EngineEndpoint = z.output<typeof endpointSchema>;

export async function readEngineDump(engine: Pick<Engine, "dumpConfig">): Promise<EngineDump> {
  return dumpSchema.parse(await engine.dumpConfig());
}
