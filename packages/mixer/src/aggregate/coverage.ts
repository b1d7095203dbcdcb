import type { End } from "../labels.ts";
import type { Series } from "./series-registry.ts";

/** Whose reports count: see the comment of the telemetry API. */
export type ReporterChoice = "auto" | "source" | "destination" | "all";

/**
 * Of series that have requests in a range those that count, so that none counts twice: all of the sources', and of the destinations' those whose
 * caller does not report calls to that workload itself.
 */
export function chooseSeries(active: readonly Series[], choice: ReporterChoice): readonly Series[] {
  if (choice === "all") return active;
  if (choice !== "auto") return active.filter((series) => series.labels.reporter === choice);
  const reported = new Set(active.filter((series) => series.labels.reporter === "source").flatMap(reportedPairs));
  return active.filter((series) => series.labels.reporter === "source" || !seenPairs(series).some((pair) => reported.has(pair)));
}

/** Caller and called workload as the caller's reports name them. */
function reportedPairs({ labels }: Series): string[] {
  const { kind, source, destination, security } = labels;
  const called = destination.workload === "" ? byPrincipal(destination) : byName(destination);
  // Over plaintext the called end does not learn who calls: to it all such callers of a workload are one.
  const callers = security === "mutual_tls" ? [source.principal] : [source.principal, ""];
  return callers.map((caller) => JSON.stringify([kind, caller, called]));
}

/** The same pair as the called end's reports name it; the caller may know the called end by name or only by certificate. */
function seenPairs({ labels }: Series): string[] {
  const { kind, source, destination } = labels;
  return [byName(destination), byPrincipal(destination)].map((called) => JSON.stringify([kind, source.principal, called]));
}

function byName(end: End): string {
  return `${end.namespace}/${end.workload}`;
}

function byPrincipal(end: End): string {
  return end.principal;
}
