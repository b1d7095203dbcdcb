import type { DuckDBConnection } from "@duckdb/node-api";
import { BUCKET_MS, bucketTime } from "../aggregate/aggregate.ts";
import type { Resolution } from "./schema.ts";
import type { Retention } from "./store.ts";

/** Resolution of what is older than `Retention.fineMs`, milliseconds. */
export const COARSE_MS = 60_000;
/** Points younger than this may still get company in their bucket. */
const SETTLE_MS = 60_000;
/** Reporters silent for longer will not come back with the batches they had. */
const REPORTER_MS = 24 * 3600_000;

/** What one run of the maintenance is to do, from the time alone. */
export interface MaintenancePlan {
  /** Points of `fine` from here … */
  readonly mergeFromMs: number;
  /** … to here become one per bucket and series. */
  readonly mergeToMs: number;
  /** Points of `fine` before it become points of `coarse`. */
  readonly rollupBeforeMs: number;
  readonly deleteCoarseBeforeMs: number;
  readonly deleteSamplesBeforeUs: number;
  readonly deleteReportersBeforeMs: number;
}

export function planMaintenance(options: {
  readonly nowMs: number;
  readonly mergedToMs: number;
  readonly retention: Retention;
}): MaintenancePlan {
  const { nowMs, retention } = options;
  const mergeToMs = bucketTime(nowMs - SETTLE_MS);
  return {
    mergeFromMs: Math.min(options.mergedToMs, mergeToMs),
    mergeToMs,
    rollupBeforeMs: bucketTime(nowMs - retention.fineMs, COARSE_MS),
    deleteCoarseBeforeMs: bucketTime(nowMs - retention.coarseMs, COARSE_MS),
    deleteSamplesBeforeUs: (nowMs - retention.sampleMs) * 1000,
    deleteReportersBeforeMs: nowMs - REPORTER_MS,
  };
}

/** Carries the plan out; to be run inside a transaction. */
export async function runMaintenance(connection: DuckDBConnection, plan: MaintenancePlan, retention: Retention): Promise<void> {
  await movePoints(connection, { from: "fine", to: "fine", startMs: plan.mergeFromMs, endMs: plan.mergeToMs, stepMs: BUCKET_MS });
  await movePoints(connection, { from: "fine", to: "coarse", startMs: 0, endMs: plan.rollupBeforeMs, stepMs: COARSE_MS });
  await connection.run(`DELETE FROM request_points_coarse WHERE time < ${plan.deleteCoarseBeforeMs}`);
  await connection.run(`DELETE FROM tcp_points_coarse WHERE time < ${plan.deleteCoarseBeforeMs}`);
  for (const table of ["access_logs", "spans"]) {
    await connection.run(`DELETE FROM ${table} WHERE time_us < ${plan.deleteSamplesBeforeUs}`);
    // The newest sample beyond the count, and with it all that are older.
    await connection.run(
      `DELETE FROM ${table} WHERE time_us <= (SELECT time_us FROM ${table} ORDER BY time_us DESC LIMIT 1 OFFSET ${retention.sampleCount})`,
    );
  }
  await shortenJournal(connection, {
    table: "reporters",
    columns: "principal, reporter_id, max(sequence), max(last_seen)",
    key: "principal, reporter_id",
    keepSinceMs: plan.deleteReportersBeforeMs,
  });
  await shortenJournal(connection, {
    table: "workloads",
    columns: "key, arg_max(workload, last_seen), min(first_seen), max(last_seen)",
    key: "key",
    keepSinceMs: plan.deleteCoarseBeforeMs,
  });
}

interface Journal {
  readonly table: string;
  readonly columns: string;
  readonly key: string;
  readonly keepSinceMs: number;
}

/** Leaves one line for each key, none for those that are older than wanted. */
async function shortenJournal(connection: DuckDBConnection, { table, columns, key, keepSinceMs }: Journal): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE kept AS SELECT ${columns} FROM ${table} GROUP BY ${key} HAVING max(last_seen) >= ${keepSinceMs}`,
  );
  await connection.run(`DELETE FROM ${table}`);
  await connection.run(`INSERT INTO ${table} SELECT * FROM kept`);
  await connection.run("DROP TABLE kept");
}

interface Move {
  readonly from: Resolution;
  readonly to: Resolution;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Replaces the points of a span of time by one for each series and step. */
async function movePoints(connection: DuckDBConnection, move: Move): Promise<void> {
  const range = `time >= ${move.startMs} AND time < ${move.endMs}`;
  const step = `time // ${move.stepMs} * ${move.stepMs} AS step`;
  if ((await countRows(connection, `SELECT count(*) FROM request_points_${move.from} WHERE ${range}`)) > 0) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE moved_requests AS
      WITH moved AS (SELECT ${step}, * FROM request_points_${move.from} WHERE ${range}),
      sums AS (SELECT step, series, sum(count), sum(request_bytes), sum(response_bytes), sum(duration_us) FROM moved GROUP BY step, series),
      pairs AS (SELECT step, series, unnest(bucket_index) AS index, unnest(bucket_count) AS count FROM moved),
      merged AS (SELECT step, series, index, sum(count) AS count FROM pairs GROUP BY step, series, index),
      lists AS (SELECT step, series, list(index ORDER BY index) AS bucket_index, list(count ORDER BY index) AS bucket_count FROM merged GROUP BY step, series)
      SELECT sums.*, coalesce(bucket_index, []::USMALLINT[]), coalesce(bucket_count, []::DOUBLE[])
      FROM sums LEFT JOIN lists ON sums.step = lists.step AND sums.series = lists.series ORDER BY sums.step, sums.series`);
    await connection.run(`DELETE FROM request_points_${move.from} WHERE ${range}`);
    await connection.run(`INSERT INTO request_points_${move.to} SELECT * FROM moved_requests`);
    await connection.run(`DROP TABLE moved_requests`);
  }
  if ((await countRows(connection, `SELECT count(*) FROM tcp_points_${move.from} WHERE ${range}`)) > 0) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE moved_tcp AS
      SELECT ${step}, series, sum(opened), sum(closed), sum(received_bytes), sum(sent_bytes) FROM tcp_points_${move.from} WHERE ${range}
      GROUP BY step, series ORDER BY step, series`);
    await connection.run(`DELETE FROM tcp_points_${move.from} WHERE ${range}`);
    await connection.run(`INSERT INTO tcp_points_${move.to} SELECT * FROM moved_tcp`);
    await connection.run(`DROP TABLE moved_tcp`);
  }
}

async function countRows(connection: DuckDBConnection, sql: string): Promise<number> {
  const rows = (await connection.runAndReadAll(sql)).getRowsJS();
  return Number(rows[0]?.[0] ?? 0);
}
