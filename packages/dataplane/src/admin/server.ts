import type { ProxyClusters, ProxyConfigDump, ProxyServerInfo, ProxyState, ProxyStats } from "@fairlead/api";
import { createMonitoring, type Monitoring, VERSION } from "@fairlead/kit";
import { parseExplainRequest } from "../explain-request.ts";
import { parseStats } from "../stats.ts";
import { formatProcessMetrics } from "./metrics.ts";
import { addCertificates } from "./certificates.ts";
import { guard } from "./guard.ts";
import type { AdminPorts } from "./ports.ts";

const TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

/** The proxy's admin server: probes, metrics, and what runs; the JSON shapes are in `@fairlead/api`. */
export function createAdminServer(address: string, ports: AdminPorts): Monitoring {
  const monitoring = createMonitoring({ address, isReady: () => ports.state() === "ready" });
  guard(monitoring.server);
  addProbes(monitoring.server, () => ports.state());
  addViews(monitoring.server, ports);
  addCommands(monitoring.server, ports);
  addCertificates(monitoring.server, ports);
  monitoring.server.get("/stats/prometheus", async (_request, reply) =>
    reply.type(TEXT_FORMAT).send(`${await ports.engine.stats()}${formatProcessMetrics(ports)}${await monitoring.registry.metrics()}`),
  );
  return monitoring;
}

/** A second server, for probes that must not reach the rest. */
export function createReadinessServer(address: string, state: () => ProxyState): Monitoring {
  const monitoring = createMonitoring({ address, isReady: () => state() === "ready" });
  addProbes(monitoring.server, state);
  return monitoring;
}

function addProbes(server: Monitoring["server"], state: () => ProxyState): void {
  for (const path of ["/ready", "/healthz/ready"]) {
    server.get(path, (_request, reply) => {
      const isReady = state() === "ready";
      return reply.code(isReady ? 200 : 503).send(isReady ? "LIVE\n" : `${state().toUpperCase()}\n`);
    });
  }
}

function addViews(server: Monitoring["server"], ports: AdminPorts): void {
  const { engine, node, workers } = ports;
  server.get("/server_info", (): ProxyServerInfo => {
    return { version: VERSION, state: ports.state(), node, uptimeMs: ports.uptimeMs(), workers, xds: ports.xds(), report: ports.report() };
  });
  server.get("/config_dump", async (): Promise<ProxyConfigDump> => ({ node, xds: ports.xds(), config: await engine.dumpConfig() }));
  server.get("/clusters", async (): Promise<ProxyClusters> => {
    const { clusters, endpoints } = await engine.dumpConfig();
    return { clusters: toList(clusters), endpoints: toList(endpoints) };
  });
  server.get("/stats", async (): Promise<ProxyStats> => ({ samples: parseStats(`${await engine.stats()}${formatProcessMetrics(ports)}`) }));
}

function addCommands(server: Monitoring["server"], ports: AdminPorts): void {
  server.post("/explain", (request) => ports.engine.explain(parseExplainRequest(request.body)));
  server.post("/drain_listeners", (request, reply) => {
    // Envoy's parameter: https://www.envoyproxy.io/docs/envoy/latest/operations/admin#post--drain_listeners
    const isInboundOnly = new URL(request.url, "http://admin").searchParams.has("inboundonly");
    ports.drain(isInboundOnly ? "inbound" : "all");
    return reply.send("OK\n");
  });
  server.post("/quitquitquit", (_request, reply) => {
    // Answered first: the server is among what ends.
    reply.raw.once("finish", () => ports.quit());
    return reply.send("OK\n");
  });
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
