import type { Clock, Logger, Result, SpiffeId } from "@fairlead/kit";
import { createMonitoring } from "@fairlead/kit";
import type { ServerCredentials } from "@grpc/grpc-js";
import { createSeriesRegistry } from "./aggregate/series-registry.ts";
import { createWorkloadDirectory } from "./aggregate/workload-directory.ts";
import { type IngestServer, type ReportCall, serveIngest } from "./ingest/ingest-server.ts";
import { createMetrics } from "./metrics.ts";
import { createExposition } from "./query/exposition.ts";
import { createQueryServer, listenAt } from "./query/query-server.ts";
import type { Settings } from "./settings.ts";
import { openDuckDbStore } from "./store/duckdb.ts";
import { createReportWriter } from "./store/report-writer.ts";

export interface MixerOptions {
  readonly settings: Settings;
  /** Resolves once Mixer can prove who it is; queries are answered before. */
  readonly identity: Promise<MixerIdentity>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when Mixer is to stop. */
  readonly signal: AbortSignal;
}

/** What the ingest server needs of an identity. */
export interface MixerIdentity {
  readonly credentials: ServerCredentials;
  readonly peer: (call: ReportCall) => Result<SpiffeId, string>;
}

/** A running Mixer; addresses are `host:port` with the ports it got. */
export interface Mixer {
  readonly reportAddress: string;
  readonly queryAddress: string;
  readonly monitoringAddress: string;
  /** Merges, rolls up and deletes now; it happens every minute anyway. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

/** Label sets in the exposition, and how long one without requests stays. */
const MAX_EXPOSED = 10_000;
const EXPOSITION_EXPIRY_MS = 15 * 60_000;

/** Puts Mixer together: ingest → aggregate → store → query. */
export async function startMixer(options: MixerOptions): Promise<Mixer> {
  const { settings, clock, logger } = options;
  const { stateDirectory, retention, memoryLimitMb } = settings;
  const store = await openDuckDbStore({ stateDirectory, retention, memoryLimitMb, nowMs: clock.now(), logger });
  const registry = createSeriesRegistry({ stored: store.state.series, limit: settings.maxSeries });
  const directory = createWorkloadDirectory(store.state.workloads);
  const exposition = createExposition({ directory, limit: MAX_EXPOSED, expiryMs: EXPOSITION_EXPIRY_MS });
  let ingest: IngestServer | undefined;
  const monitoring = createMonitoring({ address: settings.monitoringAddress, isReady: () => ingest !== undefined });
  const metrics = createMetrics(monitoring.registry, { seriesRegistry: registry, directory });
  const writer = createReportWriter({
    store,
    registry,
    directory,
    retention,
    commitIntervalMs: settings.commitIntervalMs,
    clock,
    logger,
    onDuplicate: () => metrics.batchDuplicate(),
    onStored(aggregate, batches) {
      exposition.add(aggregate, clock.now());
      metrics.batchesStored(batches);
    },
  });
  const queryServer = await createQueryServer({
    sources: { store, registry, directory, fineMs: retention.fineMs },
    exposition,
    clock,
    logger,
  });

  const monitoringAddress = (await monitoring.listen()).replace(/^https?:\/\//, "");
  const queryAddress = await listenAt(queryServer, settings.queryAddress);
  const { credentials, peer } = await options.identity;
  ingest = await serveIngest({
    address: settings.listenAddress,
    credentials,
    peer,
    trustDomain: settings.trustDomain,
    openSession: () => writer.openSession(),
    clock,
    logger,
    events: metrics,
  });
  const maintenance = writer.maintainForever(options.signal);
  logger.info({ reportAddress: ingest.address, queryAddress, monitoringAddress, series: registry.size }, "mixer is ready");

  const { address: reportAddress } = ingest;
  return {
    reportAddress,
    queryAddress,
    monitoringAddress,
    maintain: () => writer.maintain(),
    async close() {
      await ingest?.close();
      await queryServer.close();
      await monitoring.close();
      // Ends with the signal; what it is writing it finishes before the store closes.
      if (options.signal.aborted) await maintenance;
      await store.close();
    },
  };
}
