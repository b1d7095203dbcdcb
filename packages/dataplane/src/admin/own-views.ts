import type { ProxyClusters, ProxyConfigDump, ProxyServerInfo, ProxyStats } from "@fairlead/api";
import { type Monitoring, VERSION } from "@fairlead/kit";
import { parseStats } from "../stats.ts";
import { formatProcessMetrics } from "./metrics.ts";
import type { AdminPorts } from "./ports.ts";

/** What `fairlead` reads: our own shapes (`@fairlead/api`), which say more than Envoy's have room for. */
export function addOwnViews(server: Monitoring["server"], ports: AdminPorts): void {
  const { engine, node, workers } = ports;
  server.get("/fairlead/server_info", (): ProxyServerInfo => {
    return { version: VERSION, state: ports.state(), node, uptimeMs: ports.uptimeMs(), workers, xds: ports.xds(), report: ports.report() };
  });
  server.get("/fairlead/config_dump", async (): Promise<ProxyConfigDump> => ({
    node,
    xds: ports.xds(),
    config: await engine.dumpConfig(),
  }));
  server.get("/fairlead/clusters", async (): Promise<ProxyClusters> => {
    const { clusters, endpoints } = await engine.dumpConfig();
    return { clusters: toList(clusters), endpoints: toList(endpoints) };
  });
  server.get("/fairlead/stats", async (): Promise<ProxyStats> => ({
    samples: parseStats(`${await engine.stats()}${formatProcessMetrics(ports)}`),
  }));
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
