import { createLogger, FakeClock } from "@fairlead/kit";
import { expect, test } from "vitest";
import type { Aggregate } from "../aggregate/aggregate.ts";
import { createSeriesRegistry } from "../aggregate/series-registry.ts";
import { createWorkloadDirectory } from "../aggregate/workload-directory.ts";
import { type Batch, parseBatch } from "../ingest/batch.ts";
import { buildReport, workload } from "../testing/report-builder.ts";
import { createReportWriter, type ReportWriter } from "./report-writer.ts";
import type { Store } from "./store.ts";

const NOW_MS = 1_700_000_000_000;
const retention = { fineMs: 6 * 3600_000, coarseMs: 7 * 86_400_000, sampleMs: 3600_000, sampleCount: 100 };

test("batches that arrive while one is being stored are stored together", async () => {
  const { writer, commits } = createWriter();
  const submit = writer.openSession();
  const acks = Promise.all([1, 2, 3, 4].map((sequence) => submit(batch(sequence))));
  expect(await acks).toEqual([4n, 4n, 4n, 4n]);
  expect(commits.map((commit) => commit.positions.map((position) => position.sequence))).toEqual([[4n]]);
  expect(commits[0]?.requests.map((point) => point.count)).toEqual([4]);
});

test("transactions keep their distance", async () => {
  const { writer, commits, clock } = createWriter({ commitIntervalMs: 200 });
  const submit = writer.openSession();
  await submit(batch(1));
  const second = submit(batch(2));
  const third = submit(batch(3));
  await clock.advance(199);
  expect(commits).toHaveLength(1);
  await clock.advance(1);
  expect(await Promise.all([second, third])).toEqual([3n, 3n]);
  expect(commits).toHaveLength(2);
});

test("a batch that the store refuses keeps no other reporter's out", async () => {
  const { writer } = createWriter({ refuses: (aggregate) => aggregate.positions.some((position) => position.reporterId === "poison") });
  const bad = writer.openSession()(batch(1, "poison"));
  const good = writer.openSession()(batch(1, "good"));
  await expect(bad).rejects.toThrow("refused");
  expect(await good).toBe(1n);
});

test("after a batch that could not be stored no later one of its stream is, so that the first can be sent again", async () => {
  let refusals = 1;
  const { writer, commits } = createWriter({
    refuses: (aggregate) => aggregate.positions.some((position) => position.sequence === 1n) && refusals-- > 0,
  });
  const submit = writer.openSession();
  await expect(submit(batch(1))).rejects.toThrow("refused");
  await expect(submit(batch(2))).rejects.toThrow("an earlier batch of this stream could not be stored");
  const again = writer.openSession();
  expect(await again(batch(1))).toBe(1n);
  expect(await again(batch(2))).toBe(2n);
  expect(commits.flatMap((commit) => commit.requests).reduce((sum, point) => sum + point.count, 0)).toBe(2);
});

interface WriterOptions {
  readonly commitIntervalMs?: number;
  readonly refuses?: (aggregate: Aggregate) => boolean;
}

function createWriter(options: WriterOptions = {}): {
  readonly writer: ReportWriter;
  readonly commits: readonly Aggregate[];
  readonly clock: FakeClock;
} {
  const commits: Aggregate[] = [];
  const clock = new FakeClock(NOW_MS);
  const store: Store = {
    state: { series: [], workloads: [], positions: [] },
    async write(aggregate) {
      if (options.refuses?.(aggregate) === true) throw new Error("refused");
      commits.push(aggregate);
    },
    activeSeries: none,
    sumRequests: none,
    sumTcp: none,
    accessLogs: none,
    spans: none,
    maintain: () => Promise.resolve({ emptySeries: [] }),
    close: () => Promise.resolve(),
  };
  const writer = createReportWriter({
    store,
    registry: createSeriesRegistry({ stored: [], limit: 100 }),
    directory: createWorkloadDirectory([]),
    retention,
    commitIntervalMs: options.commitIntervalMs ?? 0,
    clock,
    logger: createLogger({ component: "mixer", level: "silent" }),
    onStored: () => undefined,
    onDuplicate: () => undefined,
  });
  return { writer, commits, clock };
}

function batch(sequence: number, reporterId = "proxy"): Batch {
  const source = workload("productpage-v1");
  const requests = [{ reporter: "source", peer: workload("reviews-v1"), durationsUs: [1000] }] as const;
  const parsed = parseBatch(buildReport({ reporterId, sequence, workload: source, endMs: NOW_MS, requests }), NOW_MS);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function none(): Promise<never[]> {
  return Promise.resolve([]);
}
