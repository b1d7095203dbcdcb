import type { ProxyState } from "@fairlead/api";
import { createMonitoring, type Monitoring } from "@fairlead/kit";
import { addCertificates } from "./certificates.ts";
import { addCommands } from "./commands.ts";
import { createCounterBaseline } from "./counter-baseline.ts";
import { guard } from "./guard.ts";
import { formatHelp, formatHome } from "./help.ts";
import { addOwnViews } from "./own-views.ts";
import type { AdminPorts } from "./ports.ts";
import { queryOf } from "./query.ts";
import { addTap } from "./tap.ts";
import type * as EnvoyViews from "./envoy/views.ts";
import { filterPrometheus, formatStats, readPrometheus } from "./stats.ts";

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

/**
 * The proxy's admin server: at Envoy's paths what Envoy answers there (`envoy.admin.v3` as JSON, lines of text), for operators and their tools; below
 * `/fairlead/` our own shapes (`@fairlead/api`).
 */
export function createAdminServer(address: string, ports: AdminPorts): Monitoring {
  const monitoring = createMonitoring({ address, isReady: () => ports.state() === "ready" });
  const { server } = monitoring;
  guard(server);
  addProbes(server, () => ports.state());
  addOwnViews(server, ports);
  addEnvoyViews(server, ports);
  const counters = createCounterBaseline();
  addCommands(server, ports, counters);
  addCertificates(server, ports);
  addTap(server, ports);
  addView(server, "/", () => ({ json: false, text: formatHome() }));
  addView(server, "/help", () => ({ json: false, text: formatHelp() }));
  addView(server, "/stats", (query) => formatStats(ports, counters, query));
  server.get("/stats/prometheus", async (request, reply) => {
    const text = `${await readPrometheus(ports, counters)}${await monitoring.registry.metrics()}`;
    return reply.type(PROMETHEUS).send(filterPrometheus(text, queryOf(request.url)));
  });
  return monitoring;
}

/** A second server, for probes that must not reach the rest. */
export function createReadinessServer(address: string, state: () => ProxyState): Monitoring {
  const monitoring = createMonitoring({ address, isReady: () => state() === "ready" });
  addProbes(monitoring.server, state);
  return monitoring;
}

/** Envoy's words. */
const READINESS: Readonly<Record<ProxyState, string>> = {
  ready: "LIVE",
  draining: "DRAINING",
  stopped: "DRAINING",
  starting: "INITIALIZING",
};

function addProbes(server: Monitoring["server"], state: () => ProxyState): void {
  for (const path of ["/ready", "/healthz/ready"]) {
    server.get(path, (_request, reply) => reply.code(state() === "ready" ? 200 : 503).send(`${READINESS[state()]}\n`));
  }
}

interface View {
  readonly json: boolean;
  readonly text: string;
}

function addView(server: Monitoring["server"], path: string, view: (query: URLSearchParams) => View | Promise<View>): void {
  server.get(path, async (request, reply) => {
    const { json, text } = await view(queryOf(request.url));
    return reply
      .type(json ? JSON_TYPE : TEXT)
      .header("cache-control", "no-cache, max-age=0")
      .send(text);
  });
}

function addEnvoyViews(server: Monitoring["server"], ports: AdminPorts): void {
  addView(server, "/config_dump", async (query) => asJson((await views()).formatConfigDump(ports, query)));
  addView(server, "/clusters", async (query) => (await views()).formatClusters(ports, query));
  addView(server, "/listeners", async (query) => (await views()).formatListeners(ports, query));
  addView(server, "/certs", async () => asJson((await views()).formatCertificates(ports)));
  addView(server, "/server_info", async () => asJson((await views()).formatServerInfo(ports)));
  addView(server, "/memory", async () => asJson((await views()).formatMemory(ports)));
  addView(server, "/init_dump", async () => asJson((await views()).formatInitDump(ports)));
}

/** Loaded when somebody asks. */
function views(): Promise<typeof EnvoyViews> {
  return import("./envoy/views.ts");
}

async function asJson(text: string | Promise<string>): Promise<View> {
  return { json: true, text: await text };
}
