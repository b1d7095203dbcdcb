import type { ProxyAdminError, ProxyClusters, ProxyConfigDump, ProxyServerInfo, ProxyState, ProxyStats } from "@fairlead/api";
import { createMonitoring, type Monitoring, VERSION } from "@fairlead/kit";
import { parseExplainRequest } from "../explain-request.ts";
import { ProxyError } from "../native/errors.ts";
import { parseStats } from "../stats.ts";
import { formatProcessMetrics } from "./metrics.ts";
import type { AdminPorts } from "./ports.ts";

const TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

/** Open to whoever reaches the address: probes and scrapers come from outside the workload. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/ready", "/healthz", "/healthz/ready", "/readyz", "/metrics", "/stats/prometheus"]);

/** The proxy's admin server: probes, metrics, and what runs; the JSON shapes are in `@fairlead/api`. */
export function createAdminServer(address: string, ports: AdminPorts): Monitoring {
  const monitoring = createMonitoring({ address, isReady: () => ports.state() === "ready" });
  guard(monitoring.server);
  addProbes(monitoring.server, () => ports.state());
  addViews(monitoring.server, ports);
  addCommands(monitoring.server, ports);
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

/** Keeps everything but probes and metrics to processes of this workload, and out of reach of web pages opened on the same machine. */
function guard(server: Monitoring["server"]): void {
  server.addHook("onRequest", async (request, reply) => {
    const [path = ""] = request.url.split("?");
    if (OPEN_PATHS.has(path)) return;
    const { remoteAddress = "", localAddress = "" } = request.socket;
    if (request.headers.origin !== undefined) await reply.code(403).send(refusal("requests of web pages are not answered"));
    else if (!isLoopback(remoteAddress) && remoteAddress !== localAddress)
      await reply.code(403).send(refusal(`only this workload may ask, not ${remoteAddress}`));
  });
  server.setErrorHandler((error, _request, reply) => {
    const isOurs = error instanceof ProxyError && error.code !== "internal";
    const status = isOurs ? 400 : statusOf(error);
    return reply.code(status).send(refusal(error instanceof Error ? error.message : String(error)));
  });
  server.setNotFoundHandler((request, reply) => reply.code(404).send(refusal(`nothing at ${request.method} ${request.url}`)));
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
  server.get("/certs", () => ports.certificates());
}

function addCommands(server: Monitoring["server"], ports: AdminPorts): void {
  server.post("/explain", (request) => ports.engine.explain(parseExplainRequest(request.body)));
  server.post("/rotate_certificates", async () => {
    await ports.rotateCertificates();
    return ports.certificates();
  });
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

function refusal(error: string): ProxyAdminError {
  return { error };
}

function statusOf(error: unknown): number {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
