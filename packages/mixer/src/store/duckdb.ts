import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, DOUBLE, LIST, USMALLINT } from "@duckdb/node-api";
import type { Logger } from "@fairlead/kit";
import { z } from "zod";
import type { Aggregate } from "../aggregate/aggregate.ts";
import { workloadKey } from "../aggregate/aggregate.ts";
import { callJsonSchema, seriesLabelsSchema } from "../labels.ts";
import { planMaintenance, runMaintenance } from "./retention.ts";
import { SCHEMA } from "./schema.ts";
import type { PointQuery, RequestSum, Retention, SampleQuery, Store, StoredState, TcpSum } from "./store.ts";

export interface DuckDbOptions {
  /** Folder of the database file; made where it is missing. */
  readonly stateDirectory: string;
  readonly retention: Retention;
  /** Ceiling of the database's own buffers, megabytes. */
  readonly memoryLimitMb: number;
  readonly nowMs: number;
  readonly logger: Logger;
}

/** How far back points may lie apart that a former process did not merge, milliseconds. */
const UNMERGED_MS = 600_000;
const INDEX_LIST = LIST(USMALLINT);
const COUNT_LIST = LIST(DOUBLE);

/** Named after the schema: a later schema starts a file of its own instead of failing on an older one's. */
const FILE_NAME = "telemetry-1.duckdb";

/**
 * The embedded store: one DuckDB file, one thread. A commit is on disk (write-ahead log) before `write` resolves. A file that cannot be read any more is
 * put aside and a new one begun: numbers of the past are worth less than those to come.
 */
export async function openDuckDbStore(options: DuckDbOptions): Promise<Store> {
  mkdirSync(options.stateDirectory, { recursive: true, mode: 0o700 });
  const file = join(options.stateDirectory, FILE_NAME);
  try {
    return await openFile(file, options);
  } catch (error) {
    // Another Mixer's file is fine and none of ours to touch.
    if (!existsSync(file) || (error instanceof Error && error.message.includes("lock"))) throw error;
    options.logger.error({ err: error, putAside: `${file}.unreadable` }, "the telemetry database cannot be read, beginning a new one");
    for (const suffix of ["", ".wal"]) if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.unreadable${suffix}`);
    return openFile(file, options);
  }
}

async function openFile(file: string, options: DuckDbOptions): Promise<Store> {
  const instance = await DuckDBInstance.create(file, {
    threads: "1",
    memory_limit: `${options.memoryLimitMb}MB`,
    // Nothing of ours needs extensions; without this a query could reach for the network.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "false",
  });
  try {
    const writer = await instance.connect();
    await writer.run(SCHEMA);
    const reader = await instance.connect();
    const state = await readState(writer);
    return new DuckDbStore({ instance, writer, reader, state, retention: options.retention, mergedToMs: options.nowMs - UNMERGED_MS });
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

interface Parts {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
  readonly reader: DuckDBConnection;
  readonly state: StoredState;
  readonly retention: Retention;
  mergedToMs: number;
}

class DuckDbStore implements Store {
  readonly state: StoredState;
  readonly #parts: Parts;
  // A connection has one transaction at a time, so those that write wait for each other.
  #lastTransaction: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.state = parts.state;
  }

  write(aggregate: Aggregate): Promise<void> {
    return this.#inTransaction((connection) => writeAggregate(connection, aggregate));
  }

  async activeSeries(range: { readonly startMs: number; readonly endMs: number }): Promise<readonly number[]> {
    const tables = ["request_points_fine", "request_points_coarse", "tcp_points_fine", "tcp_points_coarse"];
    const where = `WHERE time >= ${integer(range.startMs)} AND time < ${integer(range.endMs)}`;
    const sql = tables.map((table) => `SELECT DISTINCT series FROM ${table} ${where}`).join(" UNION ");
    return (await this.#rows(sql)).map((row) => number(row[0]));
  }

  async sumRequests(query: PointQuery): Promise<readonly RequestSum[]> {
    const points = selection(query, "request_points", "*");
    const sums = await this.#rows(`${points} SELECT grp, step, sum(count), coalesce(sum(count) FILTER (WHERE is_error), 0),
      coalesce(sum(count) FILTER (WHERE security = 2), 0), coalesce(sum(count) FILTER (WHERE security > 0), 0),
      sum(request_bytes), sum(response_bytes) FROM points GROUP BY grp, step`);
    const buckets =
      await this.#rows(`${points}, pairs AS (SELECT grp, step, unnest(bucket_index) AS index, unnest(bucket_count) AS n FROM points)
      SELECT grp, step, index, sum(n) FROM pairs GROUP BY grp, step, index`);
    const histograms = new Map<string, Map<number, number>>();
    for (const [group, step, index, count] of buckets) {
      const key = `${number(group)} ${number(step)}`;
      let histogram = histograms.get(key);
      if (histogram === undefined) histograms.set(key, (histogram = new Map()));
      histogram.set(number(index), number(count));
    }
    return sums.map(([group, step, count, errors, mutualTls, knownSecurity, requestBytes, responseBytes]) => ({
      group: number(group),
      step: number(step),
      count: number(count),
      errors: number(errors),
      mutualTls: number(mutualTls),
      knownSecurity: number(knownSecurity),
      requestBytes: number(requestBytes),
      responseBytes: number(responseBytes),
      histogram: histograms.get(`${number(group)} ${number(step)}`) ?? new Map(),
    }));
  }

  async sumTcp(query: PointQuery): Promise<readonly TcpSum[]> {
    const rows = await this.#rows(`${selection(query, "tcp_points", "*")}
      SELECT grp, sum(opened), sum(closed), sum(received_bytes), sum(sent_bytes) FROM points GROUP BY grp`);
    return rows.map(([group, opened, closed, receivedBytes, sentBytes]) => ({
      group: number(group),
      opened: number(opened),
      closed: number(closed),
      receivedBytes: number(receivedBytes),
      sentBytes: number(sentBytes),
    }));
  }

  async accessLogs(query: SampleQuery): ReturnType<Store["accessLogs"]> {
    return (await this.#samples("access_logs", query)).map((entry) => accessLogSchema.parse(JSON.parse(entry)));
  }

  async spans(query: SampleQuery): ReturnType<Store["spans"]> {
    return (await this.#samples("spans", query)).map((entry) => spanSchema.parse(JSON.parse(entry)));
  }

  async maintain(nowMs: number): Promise<{ readonly emptySeries: readonly number[] }> {
    const { retention } = this.#parts;
    const plan = planMaintenance({ nowMs, mergedToMs: this.#parts.mergedToMs, retention });
    const emptySeries = await this.#inTransaction(async (connection) => {
      await runMaintenance(connection, plan, retention);
      return deleteEmptySeries(connection);
    });
    this.#parts.mergedToMs = plan.mergeToMs;
    return { emptySeries };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#lastTransaction.catch(() => undefined);
    this.#parts.reader.closeSync();
    this.#parts.writer.closeSync();
    this.#parts.instance.closeSync();
  }

  #inTransaction<Value>(work: (connection: DuckDBConnection) => Promise<Value>): Promise<Value> {
    const { writer } = this.#parts;
    const run = this.#lastTransaction
      .catch(() => undefined)
      .then(async () => {
        if (this.#closed) throw new Error("the telemetry store is closed");
        await writer.run("BEGIN");
        try {
          const value = await work(writer);
          await writer.run("COMMIT");
          return value;
        } catch (error) {
          await writer.run("ROLLBACK").catch(() => undefined);
          throw error;
        }
      });
    this.#lastTransaction = run;
    return run;
  }

  async #samples(table: "access_logs" | "spans", query: SampleQuery): Promise<readonly string[]> {
    const parameters: Record<string, string> = {};
    const conditions = [`time_us >= ${integer(query.startMs * 1000)}`, `time_us < ${integer(query.endMs * 1000)}`];
    if (query.traceId !== undefined) {
      conditions.push("trace_id = $traceId");
      parameters["traceId"] = query.traceId;
    }
    if (query.requestId !== undefined && table === "access_logs") {
      conditions.push("request_id = $requestId");
      parameters["requestId"] = query.requestId;
    }
    const sql = `SELECT entry FROM ${table} WHERE ${conditions.join(" AND ")} ORDER BY time_us DESC, entry LIMIT ${integer(query.limit)} OFFSET ${integer(query.offset)}`;
    return (await this.#rows(sql, parameters)).map((row) => String(row[0]));
  }

  async #rows(sql: string, parameters?: Record<string, string>): Promise<readonly (readonly unknown[])[]> {
    if (this.#closed) throw new Error("the telemetry store is closed");
    return (await this.#parts.reader.runAndReadAll(sql, parameters)).getRowsJS();
  }
}

const SECURITY_NUMBER = { unknown: 0, none: 1, mutual_tls: 2 } as const;

/** `WITH points AS …`: the points of both resolutions in the query's range, with `grp`, `step`, `is_error` and `security` of the series they belong to. */
function selection(query: PointQuery, table: string, columns: string): string {
  // Numbers only, so that they can stand in the text: a statement's parameters are fewer than the series there may be.
  const rows = query.series.map(
    ({ id, group, isError, security }) => `(${integer(id)},${integer(group)},${isError},${SECURITY_NUMBER[security]})`,
  );
  const chosen =
    rows.length === 0
      ? "SELECT 0 AS id, 0 AS grp, false AS is_error, 0 AS security WHERE false"
      : `SELECT * FROM (VALUES ${rows.join(",")}) AS chosen(id, grp, is_error, security)`;
  const start = integer(query.startMs);
  const step = query.stepMs === undefined ? "0" : `(time - ${start}) // ${integer(query.stepMs)}`;
  const range = `time >= ${start} AND time < ${integer(query.endMs)}`;
  return `WITH chosen AS MATERIALIZED (${chosen}),
    stored AS (SELECT ${columns} FROM ${table}_fine WHERE ${range} UNION ALL SELECT ${columns} FROM ${table}_coarse WHERE ${range}),
    points AS (SELECT grp, ${step} AS step, is_error, security, stored.* FROM stored JOIN chosen ON stored.series = chosen.id)`;
}

async function writeAggregate(connection: DuckDBConnection, aggregate: Aggregate): Promise<void> {
  await appendRows(connection, "series", aggregate.newSeries, (appender, series) => {
    appender.appendUInteger(series.id);
    appender.appendVarchar(JSON.stringify(series.labels));
  });
  await appendRows(connection, "request_points_fine", aggregate.requests, (appender, point) => {
    appender.appendBigInt(BigInt(point.timeMs));
    appender.appendUInteger(point.series.id);
    appender.appendDouble(point.count);
    appender.appendDouble(point.requestBytes);
    appender.appendDouble(point.responseBytes);
    appender.appendDouble(point.durationUs);
    appender.appendList([...point.histogram.keys()], INDEX_LIST);
    appender.appendList([...point.histogram.values()], COUNT_LIST);
  });
  await appendRows(connection, "tcp_points_fine", aggregate.tcp, (appender, point) => {
    appender.appendBigInt(BigInt(point.timeMs));
    appender.appendUInteger(point.series.id);
    for (const value of [point.opened, point.closed, point.receivedBytes, point.sentBytes]) appender.appendDouble(value);
  });
  await appendRows(connection, "access_logs", aggregate.accessLogs, (appender, entry) => {
    appender.appendBigInt(BigInt(entry.timeUs));
    appender.appendVarchar(entry.traceId);
    appender.appendVarchar(entry.requestId);
    appender.appendVarchar(JSON.stringify(entry));
  });
  await appendRows(connection, "spans", aggregate.spans, (appender, span) => {
    appender.appendBigInt(BigInt(span.timeUs));
    appender.appendVarchar(span.traceId);
    appender.appendVarchar(JSON.stringify(span));
  });
  await appendReporters(connection, aggregate);
}

async function appendReporters(connection: DuckDBConnection, aggregate: Aggregate): Promise<void> {
  const seenMs = BigInt(Math.max(0, ...aggregate.workloads.map((seen) => seen.seenMs)));
  await appendRows(connection, "workloads", aggregate.workloads, (appender, { workload }) => {
    appender.appendVarchar(workloadKey(workload));
    appender.appendVarchar(JSON.stringify(workload));
    appender.appendBigInt(seenMs);
    appender.appendBigInt(seenMs);
  });
  await appendRows(connection, "reporters", aggregate.positions, (appender, position) => {
    appender.appendVarchar(position.principal);
    appender.appendVarchar(position.reporterId);
    appender.appendBigInt(position.sequence);
    appender.appendBigInt(seenMs);
  });
}

type Appender = Awaited<ReturnType<DuckDBConnection["createAppender"]>>;

async function appendRows<Row>(
  connection: DuckDBConnection,
  table: string,
  rows: readonly Row[],
  append: (appender: Appender, row: Row) => void,
): Promise<void> {
  if (rows.length === 0) return;
  const appender = await connection.createAppender(table);
  for (const row of rows) {
    append(appender, row);
    appender.endRow();
  }
  appender.closeSync();
}

async function deleteEmptySeries(connection: DuckDBConnection): Promise<readonly number[]> {
  const used = ["request_points_fine", "request_points_coarse", "tcp_points_fine", "tcp_points_coarse"]
    .map((table) => `SELECT series FROM ${table}`)
    .join(" UNION ");
  const empty = await connection.runAndReadAll(`SELECT id FROM series WHERE id NOT IN (${used})`);
  const ids = empty.getRowsJS().map((row) => number(row[0]));
  if (ids.length > 0) await connection.run(`DELETE FROM series WHERE id IN (${ids.join(",")})`);
  return ids;
}

async function readState(connection: DuckDBConnection): Promise<StoredState> {
  const rows = async (sql: string): Promise<readonly (readonly unknown[])[]> => (await connection.runAndReadAll(sql)).getRowsJS();
  const series = await rows("SELECT id, labels FROM series");
  const workloads = await rows("SELECT arg_max(workload, last_seen), min(first_seen), max(last_seen) FROM workloads GROUP BY key");
  const positions = await rows("SELECT principal, reporter_id, max(sequence) FROM reporters GROUP BY principal, reporter_id");
  return {
    series: series.map(([id, labels]) => ({ id: number(id), labels: seriesLabelsSchema.parse(JSON.parse(String(labels))) })),
    workloads: workloads.map(([workload, firstSeen, lastSeen]) => ({
      workload: workloadSchema.parse(JSON.parse(String(workload))),
      firstSeenMs: number(firstSeen),
      lastSeenMs: number(lastSeen),
    })),
    positions: positions.map(([principal, reporterId, sequence]) => ({
      principal: String(principal),
      reporterId: String(reporterId),
      sequence: BigInt(String(sequence)),
    })),
  };
}

const workloadSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  service: z.string(),
  version: z.string(),
  principal: z.string(),
  cluster: z.string(),
  nodeId: z.string(),
});

const sampleShape = {
  timeUs: z.number(),
  durationUs: z.number(),
  call: callJsonSchema,
  method: z.string(),
  path: z.string(),
  authority: z.string(),
  code: z.number(),
  flags: z.string(),
};

const accessLogSchema = z.object({
  ...sampleShape,
  upstreamDurationUs: z.number(),
  protocol: z.string(),
  codeDetails: z.string(),
  requestBytes: z.number(),
  responseBytes: z.number(),
  requestId: z.string(),
  traceId: z.string(),
  route: z.string(),
  upstreamCluster: z.string(),
  upstreamHost: z.string(),
  downstreamRemoteAddress: z.string(),
  userAgent: z.string(),
  attempts: z.number(),
});

const spanSchema = z.object({
  ...sampleShape,
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string(),
  kind: z.enum(["client", "server", "unknown"]),
  name: z.string(),
});

/** A whole number as SQL text; refuses everything else, so that nothing but digits ever gets into a statement. */
function integer(value: number): string {
  if (!Number.isSafeInteger(Math.trunc(value))) throw new Error(`not a number that a query can hold: ${value}`);
  return String(Math.trunc(value));
}

function number(value: unknown): number {
  return typeof value === "bigint" || typeof value === "string" ? Number(value) : typeof value === "number" ? value : 0;
}
