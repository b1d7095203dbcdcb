import { type End, seriesKey, type SeriesLabels } from "../labels.ts";

export interface Series {
  readonly id: number;
  readonly labels: SeriesLabels;
}

/** Every series that is stored, by its labels and by its number; bounded. */
export interface SeriesRegistry {
  readonly size: number;
  /** The series of `labels`, or of what these become where the registry is full. */
  assign(labels: SeriesLabels): Series;
  find(id: number): Series | undefined;
  all(): Iterable<Series>;
  /** The series assigned since the last `markStored`: to be written with their first points. */
  unstored(): readonly Series[];
  markStored(): void;
  /** Forgets series that have no points any more. */
  forget(ids: Iterable<number>): void;
}

/** A series beyond the limit loses its peer, its route and its method; and where even these are too many, everything but its code. */
export function createSeriesRegistry(options: { readonly stored: Iterable<Series>; readonly limit: number }): SeriesRegistry {
  const byKey = new Map<string, Series>();
  const byId = new Map<number, Series>();
  const fresh = new Map<number, Series>();
  let nextId = 1;
  const add = (series: Series): void => {
    byKey.set(seriesKey(series.labels), series);
    byId.set(series.id, series);
    nextId = Math.max(nextId, series.id + 1);
  };
  for (const series of options.stored) add(series);

  const assign = (labels: SeriesLabels, step: 0 | 1 | 2): Series => {
    const known = byKey.get(seriesKey(labels));
    if (known !== undefined) return known;
    // The coarser the labels the fewer there can be, so these may go a little over the limit.
    if (step === 0 && byId.size >= options.limit) return assign(withoutPeer(labels), 1);
    if (step === 1 && byId.size >= options.limit * OVERFLOW_ROOM) return assign(withoutEnds(labels), 2);
    const series = { id: nextId, labels };
    add(series);
    fresh.set(series.id, series);
    return series;
  };
  return {
    get size() {
      return byId.size;
    },
    assign: (labels) => assign(labels, 0),
    find: (id) => byId.get(id),
    all: () => byId.values(),
    unstored: () => [...fresh.values()],
    markStored: () => fresh.clear(),
    forget(ids) {
      for (const id of ids) {
        const series = byId.get(id);
        if (series === undefined) continue;
        byId.delete(id);
        fresh.delete(id);
        byKey.delete(seriesKey(series.labels));
      }
    },
  };
}

/** What stands for label values that the limit cut off. */
export const OTHER = "other";
const OVERFLOW_ROOM = 1.25;
const OTHER_END: End = { workload: OTHER, namespace: OTHER, service: OTHER, version: OTHER, principal: "", cluster: "" };

function withoutPeer(labels: SeriesLabels): SeriesLabels {
  const ends = labels.reporter === "source" ? { destination: OTHER_END } : { source: OTHER_END };
  return withoutDetail({ ...labels, ...ends });
}

function withoutEnds(labels: SeriesLabels): SeriesLabels {
  return withoutDetail({ ...labels, source: OTHER_END, destination: OTHER_END });
}

function withoutDetail(labels: SeriesLabels): SeriesLabels {
  const shared = { host: OTHER, protocol: OTHER, flags: labels.flags === "" ? "" : OTHER };
  return labels.kind === "tcp"
    ? { ...labels, ...shared }
    : { ...labels, ...shared, route: "", method: OTHER, code: Math.floor(labels.code / 100) * 100 };
}
