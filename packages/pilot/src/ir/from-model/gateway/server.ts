import type { Gateway, GatewayServer } from "../../../model/gateway.ts";
import { gatewaysOf } from "../../../model/lookup/gateway.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { isHttp } from "../../../model/service.ts";
import type { Labels } from "../../../model/workload.ts";

/** What a server does with connections. */
export type ServerKind = "http" | "https" | "tls-passthrough" | "tls-terminated" | "tcp";

export interface BoundServer {
  readonly gateway: Gateway;
  readonly server: GatewayServer;
  readonly kind: ServerKind;
}

/** All servers of a proxy at one address and port, in order of precedence. */
export interface ServerGroup {
  readonly address: string;
  readonly port: number;
  readonly servers: readonly BoundServer[];
}

/** Servers of all gateways that the proxy runs. Plaintext and TLS do not share a port: the first decides and the others are left out. */
export function serverGroups(snapshot: MeshSnapshot, labels: Labels, address: string): readonly ServerGroup[] {
  const groups = new Map<string, { address: string; port: number; servers: BoundServer[] }>();
  for (const gateway of gatewaysOf(snapshot, labels)) {
    for (const server of gateway.servers) {
      const kind = kindOf(server);
      const bind = server.bind ?? address;
      if (kind === undefined || bind.startsWith("unix:")) continue;
      const key = `${bind}_${server.port.number}`;
      const group = groups.get(key) ?? { address: bind, port: server.port.number, servers: [] };
      groups.set(key, group);
      const [first] = group.servers;
      if (first === undefined || layerOf(first.kind) === layerOf(kind)) group.servers.push({ gateway, server, kind });
    }
  }
  return [...groups.values()];
}

/** Name of the route table of a server: plaintext servers of a port share one (Istio's names). */
export function routeTableName({ gateway, server, kind }: BoundServer): string {
  if (kind === "http") return `http.${server.port.number}`;
  return `https.${server.port.number}.${server.port.name}.${gateway.name}.${gateway.namespace}`;
}

function kindOf(server: GatewayServer): ServerKind | undefined {
  const { protocol } = server.port;
  if (isHttp(protocol)) return "http";
  if (protocol === "tcp" || protocol === "mongo") return "tcp";
  if (protocol !== "https" && protocol !== "tls") return undefined;
  if (server.tls?.mode === "passthrough") return "tls-passthrough";
  if (server.tls === undefined) return undefined;
  return protocol === "https" ? "https" : "tls-terminated";
}

function layerOf(kind: ServerKind): "http" | "tls" | "tcp" {
  return kind === "http" || kind === "tcp" ? kind : "tls";
}
