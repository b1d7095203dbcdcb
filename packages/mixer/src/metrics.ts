import { Counter, Gauge, type Registry } from "prom-client";
import type { SeriesRegistry } from "./aggregate/series-registry.ts";
import type { WorkloadDirectory } from "./aggregate/workload-directory.ts";
import type { Batch } from "./ingest/batch.ts";
import type { IngestEvents } from "./ingest/ingest-server.ts";

/** Mixer's own metrics, not the mesh's. */
export interface Metrics extends IngestEvents {
  batchesStored(batches: readonly Batch[]): void;
  batchDuplicate(): void;
}

export interface MetricsSources {
  readonly seriesRegistry: SeriesRegistry;
  readonly directory: WorkloadDirectory;
}

export function createMetrics(registry: Registry, sources: MetricsSources): Metrics {
  const registers = [registry];
  const batches = new Counter({
    name: "fairlead_mixer_report_batches_total",
    help: "Batches that proxies reported, by what became of them.",
    labelNames: ["result"],
    registers,
  });
  const streams = new Gauge({ name: "fairlead_mixer_report_streams", help: "Open report streams.", registers });
  const dropped = new Counter({
    name: "fairlead_mixer_reported_drops_total",
    help: "What proxies say they could not report in detail because a bounded buffer was full.",
    labelNames: ["kind"],
    registers,
  });
  addGauge(registry, { name: "fairlead_mixer_series", help: "Stored series.", read: () => sources.seriesRegistry.size });
  addGauge(registry, { name: "fairlead_mixer_workloads", help: "Known workloads.", read: () => sources.directory.size });
  return {
    streamOpened: () => streams.inc(),
    streamClosed: () => streams.dec(),
    batchRejected: (reason) => batches.inc({ result: `rejected_${reason}` }),
    batchDuplicate: () => batches.inc({ result: "duplicate" }),
    batchesStored(stored) {
      batches.inc({ result: "stored" }, stored.length);
      for (const { dropped: counts } of stored) {
        dropped.inc({ kind: "access_logs" }, counts.accessLogs);
        dropped.inc({ kind: "spans" }, counts.spans);
        dropped.inc({ kind: "label_sets" }, counts.labelSets);
      }
    },
  };
}

/** A gauge that is read when it is scraped. */
function addGauge(registry: Registry, options: { readonly name: string; readonly help: string; readonly read: () => number }): void {
  const gauge: Gauge = new Gauge({ name: options.name, help: options.help, registers: [], collect: () => gauge.set(options.read()) });
  registry.registerMetric(gauge);
}
