import type { RequestsAnswer, RequestStatistics, TelemetryLabel, TimeseriesAnswer } from "@fairlead/api";
import { chooseSeries, type ReporterChoice } from "../aggregate/coverage.ts";
import type { Series, SeriesRegistry } from "../aggregate/series-registry.ts";
import type { WorkloadDirectory } from "../aggregate/workload-directory.ts";
import { type Histogram, quantile } from "../histogram.ts";
import { isError } from "../labels.ts";
import type { RequestSum, SelectedSeries, Store } from "../store/store.ts";
import { buildFilter, type FilterParameters, type LabelValues, outcomeOf, parseGroupBy, pickLabels, toLabelValues } from "./filter.ts";
import { QueryError } from "./query-error.ts";
import { chooseStep, rangeSeconds, type TimeRange, toIso, toRange } from "./range.ts";

/** What queries are answered from. */
export interface QuerySources {
  readonly store: Store;
  readonly registry: SeriesRegistry;
  readonly directory: WorkloadDirectory;
  /** How long points of 10 s are kept, milliseconds. */
  readonly fineMs: number;
}

export interface RequestsParameters extends FilterParameters {
  readonly reporter: ReporterChoice;
  readonly groupBy: string;
}

const MAX_ROWS = 5_000;
const MAX_POINTS = 50_000;

/** Answers GET /api/v1/requests. */
export async function queryRequests(sources: QuerySources, range: TimeRange, parameters: RequestsParameters): Promise<RequestsAnswer> {
  const groups = await groupSeries(sources, range, parameters);
  const sums = await sources.store.sumRequests({ ...range, series: groups.selected });
  const rows = sums
    .filter((sum) => sum.count > 0)
    .map((sum) => ({ labels: groups.labels[sum.group] ?? {}, ...toStatistics(sum, rangeSeconds(range)) }))
    .toSorted((a, b) => b.count - a.count || JSON.stringify(a.labels).localeCompare(JSON.stringify(b.labels)));
  return { range: toRange(range), rows };
}

/** Answers GET /api/v1/timeseries. */
export async function queryTimeseries(
  sources: QuerySources,
  range: TimeRange,
  parameters: RequestsParameters & { readonly step?: string | undefined; readonly nowMs: number },
): Promise<TimeseriesAnswer> {
  const stepMs = chooseStep(range, parameters.step, { nowMs: parameters.nowMs, fineMs: sources.fineMs });
  const stepCount = Math.ceil((range.endMs - range.startMs) / stepMs);
  const groups = await groupSeries(sources, range, parameters);
  const points = stepCount * groups.labels.length;
  if (stepCount > MAX_POINTS || points > MAX_POINTS) {
    throw new QueryError(
      "too-large",
      `the answer would have ${points} points, at most ${MAX_POINTS}; choose a longer step, a shorter window or fewer labels in groupBy`,
    );
  }
  const sums = await sources.store.sumRequests({ ...range, stepMs, series: groups.selected });
  const byPlace = new Map(sums.map((sum) => [`${sum.group} ${sum.step}`, sum]));
  const series = groups.labels.map((labels, group) => ({
    labels,
    points: Array.from({ length: stepCount }, (_, step) => {
      const timeMs = range.startMs + step * stepMs;
      const seconds = (Math.min(range.endMs, timeMs + stepMs) - timeMs) / 1000;
      return { time: toIso(timeMs), ...toStatistics(byPlace.get(`${group} ${step}`) ?? EMPTY_SUM, seconds) };
    }),
  }));
  return { range: toRange(range), stepSeconds: stepMs / 1000, series };
}

/** Sums without the place they were counted under. */
export type Sum = Omit<RequestSum, "group" | "step">;

export const EMPTY_SUM: Sum = {
  count: 0,
  errors: 0,
  mutualTls: 0,
  knownSecurity: 0,
  requestBytes: 0,
  responseBytes: 0,
  histogram: new Map(),
};

export function toStatistics(sum: Sum, seconds: number): RequestStatistics {
  return {
    count: sum.count,
    rate: sum.count / seconds,
    errors: sum.errors,
    errorRate: sum.count === 0 ? 0 : sum.errors / sum.count,
    latencyMs: {
      p50: quantileMs(sum.histogram, 0.5),
      p90: quantileMs(sum.histogram, 0.9),
      p99: quantileMs(sum.histogram, 0.99),
    },
    mtlsShare: sum.knownSecurity === 0 ? null : sum.mutualTls / sum.knownSecurity,
    requestBytes: sum.requestBytes,
    responseBytes: sum.responseBytes,
  };
}

/** The series that count in a range, by kind, each with its label values. */
export async function activeSeries(
  sources: QuerySources,
  range: TimeRange,
  reporter: ReporterChoice,
): Promise<readonly { readonly series: Series; readonly values: LabelValues }[]> {
  const ids = await sources.store.activeSeries(range);
  const active = ids.flatMap((id) => sources.registry.find(id) ?? []);
  return chooseSeries(active, reporter).map((series) => ({
    series,
    values: toLabelValues(series.labels, outcomeOf(series.labels), sources.directory),
  }));
}

/** A request series as a store's query selects it. */
export function selectSeries({ id, labels }: Series, group: number): SelectedSeries {
  return { id, group, isError: labels.kind === "request" && isError(labels), security: labels.security };
}

interface Groups {
  readonly labels: readonly Partial<Record<TelemetryLabel, string>>[];
  readonly selected: readonly SelectedSeries[];
}

async function groupSeries(sources: QuerySources, range: TimeRange, parameters: RequestsParameters): Promise<Groups> {
  const names = parseGroupBy(parameters.groupBy);
  const matches = buildFilter(parameters);
  const labels: Partial<Record<TelemetryLabel, string>>[] = [];
  const selected: SelectedSeries[] = [];
  const groups = new Map<string, number>();
  for (const { series, values } of await activeSeries(sources, range, parameters.reporter)) {
    if (series.labels.kind !== "request" || !matches(values)) continue;
    const key = JSON.stringify(names.map((name) => values[name]));
    let group = groups.get(key);
    if (group === undefined) {
      group = groups.size;
      groups.set(key, group);
      labels.push(pickLabels(values, names));
    }
    selected.push(selectSeries(series, group));
  }
  if (labels.length > MAX_ROWS) {
    throw new QueryError(
      "too-large",
      `the answer would have ${labels.length} rows, at most ${MAX_ROWS}; filter more or group by fewer labels`,
    );
  }
  return { labels, selected };
}

function quantileMs(histogram: Histogram, q: number): number | null {
  const us = quantile(histogram, q);
  return us === undefined ? null : us / 1000;
}
