import { performance } from "node:perf_hooks";
import fastify, { type FastifyInstance } from "fastify";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
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
/** The longest that a timer can wait. */
const NEVER_MS = 2 ** 31 - 1;

/** The HTTP server every component has on its monitoring address: `/healthz`, `/readyz`, `/metrics`, and the component's own routes. */
export function createMonitoring(options: { readonly address: string; readonly isReady: () => boolean }): Monitoring {
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: 30_000, connectionTimeout: 60_000, forceCloseConnections: true });
  const registry = createRegistry();
  server.get("/healthz", () => "ok\n");
  server.get("/readyz", (_request, reply) => reply.code(options.isReady() ? 200 : 503).send(options.isReady() ? "ready\n" : "not ready\n"));
  server.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return { server, registry, listen: () => server.listen(splitAddress(options.address)), close: () => server.close() };
}

/** Without the distribution of the event loop's delay: it is sampled by a timer that wakes an idle process a hundred times a second, a tenth of what a sidecar costs under little load. */
function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const statistic of ["min", "max", "mean", "stddev", "p50", "p90", "p99"]) {
    registry.removeSingleMetric(`nodejs_eventloop_lag_${statistic}_seconds`);
  }
  let last = performance.eventLoopUtilization();
  const utilization = new Gauge({
    name: "nodejs_eventloop_utilization_ratio",
    help: "Share of the time since the last scrape in which the event loop was busy.",
    registers: [],
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, last).utilization);
      last = now;
    },
  });
  registry.registerMetric(utilization);
  return registry;
}
