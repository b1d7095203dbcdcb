import { type Clock, createMonitoring, type Logger, type Result, type SpiffeId } from "@fairlead/kit";
import type { Source } from "@fairlead/sources";
import { ServerCredentials } from "@grpc/grpc-js";
import { addAdminRoutes } from "./admin/routes.ts";
import { buildProxy } from "./ir/from-model/build-proxy.ts";
import { createMetrics } from "./metrics.ts";
import { createSnapshotBuilder } from "./model/from-config/snapshot.ts";
import { DEFAULT_MESH_SETTINGS, type MeshSnapshot } from "./model/mesh-snapshot.ts";
import type { Settings } from "./settings.ts";
import { AdsServer, type PeerCall } from "./stream/ads-server.ts";
import { createDebounce } from "./stream/push-queue.ts";
import { toXdsSnapshot } from "./xds/xds-snapshot.ts";

export interface PilotOptions {
  readonly settings: Omit<Settings, "identity" | "configDirectory">;
  readonly source: Source;
  /** Resolves once Pilot can prove who it is; the address for plaintext is served before. undefined: there is only that one. */
  readonly identity: Promise<PilotIdentity> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the server of proxies needs of an identity. */
export interface PilotIdentity {
  readonly credentials: ServerCredentials;
  readonly peer: (call: PeerCall) => Result<SpiffeId, string>;
}

/** A running Pilot; addresses are `host:port` with the ports it got. */
export interface Pilot {
  /** undefined without an identity. */
  readonly xdsAddress: string | undefined;
  readonly plaintextXdsAddress: string | undefined;
  readonly monitoringAddress: string;
  close(): Promise<void>;
}

/** Puts Pilot together: source → model → ir → xds → stream. */
export async function startPilot(options: PilotOptions): Promise<Pilot> {
  const { settings, source, clock, logger } = options;
  const mesh = createMesh(options);
  let isReady = false;
  const monitoring = createMonitoring({ address: settings.monitoringAddress, isReady: () => isReady });
  const ads: AdsServer = new AdsServer({
    clock,
    logger,
    trustDomain: settings.trustDomain,
    configure: (proxy) => toXdsSnapshot(buildProxy(mesh.snapshot, proxy, { outboundTraffic: settings.outboundTraffic })),
    events: {
      connected: (proxy) => metrics.connected(proxy),
      disconnected: (proxy) => metrics.disconnected(proxy),
      pushed: (bytes) => metrics.pushed(bytes),
      rejected: (typeUrl) => metrics.rejected(typeUrl),
      refused: () => metrics.refused(),
    },
  });
  const metrics = createMetrics(monitoring.registry, {
    objects: () => source.objects.length,
    errors: () => mesh.problems().filter((problem) => problem.severity === "error").length,
    waiting: () => ads.waiting,
  });
  addAdminRoutes(monitoring.server, { streams: () => ads.streams, objects: () => source.objects, problems: mesh.problems });

  const debounce = createDebounce({
    quietMs: settings.debounceMs,
    maxMs: settings.debounceMaxMs,
    clock,
    task: () => {
      metrics.built(mesh.rebuild());
      ads.pushAll();
    },
  });
  const unsubscribe = source.subscribe(() => debounce.trigger());
  const monitoringAddress = (await monitoring.listen()).replace(/^https?:\/\//, "");
  const plaintext = settings.plaintextListenAddress;
  const plaintextXdsAddress =
    plaintext === undefined ? undefined : await ads.listen(plaintext, ServerCredentials.createInsecure(), { kind: "none" });
  const identity = await options.identity;
  const xdsAddress =
    identity === undefined
      ? undefined
      : await ads.listen(settings.listenAddress, identity.credentials, { kind: "certificate", peer: identity.peer });
  isReady = true;
  logger.info({ xdsAddress, plaintextXdsAddress, monitoringAddress, objects: source.objects.length }, "pilot is ready");
  return {
    xdsAddress,
    plaintextXdsAddress,
    monitoringAddress,
    async close() {
      isReady = false;
      unsubscribe();
      debounce.stop();
      ads.close();
      await monitoring.close();
      await source.close();
    },
  };
}

interface Mesh {
  readonly snapshot: MeshSnapshot;
  readonly problems: () => MeshSnapshot["problems"];
  /** Builds from what the source has by now; answers the seconds that took. */
  rebuild(): number;
}

function createMesh({ settings, source, clock, logger }: PilotOptions): Mesh {
  const builder = createSnapshotBuilder({ ...DEFAULT_MESH_SETTINGS, trustDomain: settings.trustDomain });
  let snapshot = builder.build(source.objects);
  let known = new Set<string>();
  const problems = (): MeshSnapshot["problems"] => [...source.problems, ...snapshot.problems];
  const report = (): void => {
    const now = problems();
    // Only what is new: an error that stays is no news at every other change.
    for (const { origin, ...problem } of now) {
      if (!known.has(JSON.stringify([origin, problem])))
        logger.warn({ ...problem, origin, detail: problem.message, message: undefined }, "problem in the configuration");
    }
    known = new Set(now.map(({ origin, ...problem }) => JSON.stringify([origin, problem])));
  };
  report();
  return {
    get snapshot() {
      return snapshot;
    },
    problems,
    rebuild() {
      const startMs = clock.monotonic();
      snapshot = builder.build(source.objects);
      report();
      return (clock.monotonic() - startMs) / 1000;
    },
  };
}
