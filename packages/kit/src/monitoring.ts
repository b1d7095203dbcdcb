import fastify, { type FastifyInstance } from "fastify";
import { collectDefaultMetrics, Registry } from "prom-client";
import { splitAddress } from "./settings.ts";

export interface Monitoring {
  /** The server, for a component to add its own routes before `listen`. */
  readonly server: FastifyInstance;
  readonly registry: Registry;
  /** Starts to listen; answers the address it got (useful with port 0). */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Largest request body that a monitoring or admin server reads. */
const BODY_LIMIT_BYTES = 1 << 20;

/** The HTTP server every component has on its monitoring address: `/healthz`, `/readyz`, `/metrics`, and the component's own routes. */
export function createMonitoring(options: { readonly address: string; readonly isReady: () => boolean }): Monitoring {
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: 30_000, connectionTimeout: 60_000, forceCloseConnections: true });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  server.get("/healthz", () => "ok\n");
  server.get("/readyz", (_request, reply) => reply.code(options.isReady() ? 200 : 503).send(options.isReady() ? "ready\n" : "not ready\n"));
  server.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return { server, registry, listen: () => server.listen(splitAddress(options.address)), close: () => server.close() };
}
