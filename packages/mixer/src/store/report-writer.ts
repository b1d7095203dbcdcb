import { type Clock, type Logger, sleep } from "@fairlead/kit";
import { type Aggregate, aggregateBatches, positionKey } from "../aggregate/aggregate.ts";
import type { SeriesRegistry } from "../aggregate/series-registry.ts";
import type { WorkloadDirectory } from "../aggregate/workload-directory.ts";
import type { Batch } from "../ingest/batch.ts";
import type { Retention, Store } from "./store.ts";

export interface ReportWriterOptions {
  readonly store: Store;
  readonly registry: SeriesRegistry;
  readonly directory: WorkloadDirectory;
  readonly retention: Retention;
  /** Least time between the starts of two transactions, milliseconds: each has a price, whatever it holds. */
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every commit with what it stored. */
  readonly onStored: (aggregate: Aggregate, batches: readonly Batch[]) => void;
  readonly onDuplicate: () => void;
}

/** The one who writes: batches that arrive meanwhile go into the next transaction together. */
export interface ReportWriter {
  /**
   * Takes the batches of one stream in their order. A submission resolves with the reporter's highest stored sequence once the batch is stored (or was
   * before), and rejects where it could not be: then everything after it on that stream is rejected too. Otherwise a later batch would be stored, and
   * the one that failed, sent again, would be taken for a duplicate.
   */
  openSession(): (batch: Batch) => Promise<bigint>;
  /** Merges, rolls up and deletes, in turn with the writing. */
  maintain(): Promise<void>;
  /** Maintains every minute until `signal` aborts. */
  maintainForever(signal: AbortSignal): Promise<void>;
}

/** At most so many batches become one transaction. */
const MAX_GROUP = 256;
const MAINTENANCE_INTERVAL_MS = 60_000;

interface Session {
  hasFailed: boolean;
}

interface Waiting {
  readonly session: Session;
  readonly batch: Batch;
  readonly resolve: (sequence: bigint) => void;
  readonly reject: (reason: unknown) => void;
}

export function createReportWriter(options: ReportWriterOptions): ReportWriter {
  const { store, registry, directory, clock } = options;
  const stored = new Map(
    store.state.positions.map((position) => [positionKey(position.principal, position.reporterId), position.sequence]),
  );
  const waiting: Waiting[] = [];
  let work: Promise<void> = Promise.resolve();
  let isDraining = false;

  const writeGroup = async (all: readonly Waiting[]): Promise<void> => {
    for (const { session, reject } of all) if (session.hasFailed) reject(new Error("an earlier batch of this stream could not be stored"));
    const group = all.filter(({ session }) => !session.hasFailed);
    const fresh = withoutDuplicates(group, stored);
    try {
      if (fresh.length > 0) {
        const aggregate = aggregateBatches(fresh, registry, clock.now());
        await store.write(aggregate);
        registry.markStored();
        for (const seen of aggregate.workloads) directory.add(seen);
        for (const { principal, reporterId, sequence } of aggregate.positions) stored.set(positionKey(principal, reporterId), sequence);
        options.onStored(aggregate, fresh);
      }
      for (const { batch, resolve } of group) resolve(stored.get(positionKey(batch.workload.principal, batch.reporterId)) ?? 0n);
    } catch (error) {
      // One batch that the store refuses must not keep the others out with it.
      if (group.length > 1) for (const each of group) await writeGroup([each]);
      else for (const each of group) rejectSession(each, error);
      return;
    }
    for (let at = fresh.length; at < group.length; at += 1) options.onDuplicate();
  };
  let nextCommitMs = Number.NEGATIVE_INFINITY;
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const delayMs = nextCommitMs - clock.monotonic();
      if (delayMs > 0) await sleep(clock, delayMs);
      nextCommitMs = clock.monotonic() + options.commitIntervalMs;
      await writeGroup(waiting.splice(0, MAX_GROUP));
    }
    isDraining = false;
  };
  const maintainOnce = async (): Promise<void> => {
    const nowMs = clock.now();
    registry.forget((await store.maintain(nowMs)).emptySeries);
    directory.forgetBefore(nowMs - options.retention.coarseMs);
  };
  const maintain = (): Promise<void> => {
    // In turn with the writing: a series that maintenance drops must not get a point in between.
    const result = work.then(() => maintainOnce());
    work = result.catch(() => undefined);
    return result;
  };
  return {
    openSession() {
      const session: Session = { hasFailed: false };
      return (batch) =>
        new Promise((resolve, reject) => {
          waiting.push({ session, batch, resolve, reject });
          if (isDraining) return;
          isDraining = true;
          work = work.then(drain);
        });
    },
    maintain,
    async maintainForever(signal) {
      while (!signal.aborted) {
        try {
          await sleep(clock, MAINTENANCE_INTERVAL_MS, signal);
          await maintain();
        } catch (error) {
          if (!signal.aborted) options.logger.error({ err: error }, "maintenance of the telemetry store failed");
        }
      }
    },
  };
}

function rejectSession({ session, reject }: Waiting, error: unknown): void {
  session.hasFailed = true;
  reject(error);
}

/** The batches of a group that are stored neither before nor by an earlier one of the group. */
function withoutDuplicates(group: readonly Waiting[], stored: ReadonlyMap<string, bigint>): readonly Batch[] {
  const last = new Map<string, bigint>();
  return group.flatMap(({ batch }) => {
    const key = positionKey(batch.workload.principal, batch.reporterId);
    if (batch.sequence <= (last.get(key) ?? stored.get(key) ?? 0n)) {
      return [];
    }
    last.set(key, batch.sequence);
    return [batch];
  });
}
