import type { PilotProxy, ProxyCertificate, ProxyServerInfo } from "@fairlead/api";
import { messageOf, type Problem } from "@fairlead/kit";
import { createPilotClient } from "./clients/pilot.ts";
import { createProxyAdminClient } from "./clients/proxy-admin.ts";
import type { MeshFile } from "./local/mesh-file.ts";
import { answersHttp } from "./local/ready.ts";

/** Everything `fairlead status` shows: what each part says of itself, and what Pilot says of each proxy. */
export interface MeshStatus {
  readonly mesh: MeshFile;
  readonly components: readonly ComponentStatus[];
  readonly proxies: readonly ProxyStatus[];
  /** Problems of configuration; undefined where Pilot does not answer. */
  readonly problems: readonly Problem[] | undefined;
}

export interface ComponentStatus {
  readonly name: "pilot" | "citadel" | "mixer";
  readonly address: string;
  readonly pid: number | null;
  readonly isReady: boolean;
}

export interface ProxyStatus {
  readonly name: string;
  readonly namespace: string;
  readonly type: "sidecar" | "gateway";
  readonly pid: number | null;
  /** The proxy's own words; undefined where it does not answer, or is none of ours. */
  readonly info: ProxyServerInfo | undefined;
  readonly certificate: ProxyCertificate | null;
  /** Why it does not answer. */
  readonly error: string | undefined;
  /** Pilot's view; undefined where it is not connected, or Pilot does not answer. */
  readonly sync: PilotProxy | undefined;
}

export async function gatherStatus(mesh: MeshFile): Promise<MeshStatus> {
  const pilot = createPilotClient(mesh.pilot.monitoringAddress);
  const [components, problems, synced] = await Promise.all([
    Promise.all((["pilot", "citadel", "mixer"] as const).map((name) => componentStatus(name, mesh))),
    pilot.problems().catch(() => undefined),
    pilot.proxies().catch((): readonly PilotProxy[] => []),
  ]);
  const proxies = await Promise.all(
    mesh.proxies.map(async (proxy): Promise<ProxyStatus> => {
      const { name, namespace, type, pid } = proxy;
      const sync = synced.find((candidate) => candidate.name === name && candidate.namespace === namespace);
      const admin = createProxyAdminClient(proxy);
      try {
        const info = await admin.ownServerInfo();
        const certificate = info === undefined ? null : (await admin.certificates()).certificate;
        return { name, namespace, type, pid, info, certificate, error: undefined, sync };
      } catch (error) {
        return { name, namespace, type, pid, info: undefined, certificate: null, error: messageOf(error), sync };
      }
    }),
  );
  return { mesh, components, proxies, problems };
}

async function componentStatus(name: ComponentStatus["name"], mesh: MeshFile): Promise<ComponentStatus> {
  const { address, monitoringAddress, pid } = mesh[name];
  return { name, address, pid, isReady: await answersHttp(`http://${monitoringAddress}/readyz`, AbortSignal.timeout(3_000)) };
}

/** In the order of their weight: what is down, then what serves something old, then what waits. */
export type ProxyVerdict = "down" | "not ready" | "rejected" | "disconnected" | "stale" | "in sync";

export function verdictOf(proxy: ProxyStatus): ProxyVerdict {
  const { info, sync, error } = proxy;
  if (error !== undefined) return "down";
  if (sync?.state === "rejected" || info?.xds.types.some((type) => type.rejected > 0) === true) return "rejected";
  if (info !== undefined && info.state !== "ready") return "not ready";
  if (info?.xds.connected === false || sync === undefined) return "disconnected";
  return sync.state === "stale" ? "stale" : "in sync";
}

export function isWell(status: MeshStatus): boolean {
  return (
    status.components.every((component) => component.isReady) &&
    status.proxies.every((proxy) => verdictOf(proxy) === "in sync") &&
    status.problems?.some(({ severity }) => severity === "error") === false
  );
}
