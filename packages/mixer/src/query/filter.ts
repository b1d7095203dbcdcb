import { TELEMETRY_LABELS, type TelemetryLabel } from "@fairlead/api";
import type { WorkloadDirectory } from "../aggregate/workload-directory.ts";
import type { Call, SeriesLabels } from "../labels.ts";
import { QueryError } from "./query-error.ts";

export type LabelValues = Readonly<Record<TelemetryLabel, string>>;

export interface FilterParameters {
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
  readonly namespace?: string | undefined;
  readonly version?: string | undefined;
  readonly code?: string | undefined;
  readonly flags?: string | undefined;
  readonly method?: string | undefined;
  readonly security?: string | undefined;
}

/** What stands for a value that no one knows, as in Istio's metrics. */
export const UNKNOWN = "unknown";

/** What of a request is not about who called whom. */
export interface Outcome {
  readonly route: string;
  readonly method: string;
  readonly code: number;
  readonly flags: string;
  readonly grpcStatus?: number | undefined;
}

/** All label values of a call and its outcome, the ends' names completed. */
export function toLabelValues(call: Call, outcome: Outcome, directory: WorkloadDirectory): LabelValues {
  const source = directory.complete(call.source);
  const destination = directory.complete(call.destination);
  return {
    reporter: call.reporter,
    sourceWorkload: source.workload || UNKNOWN,
    sourceNamespace: source.namespace || UNKNOWN,
    sourceService: source.service || UNKNOWN,
    sourceVersion: source.version || UNKNOWN,
    sourcePrincipal: source.principal || UNKNOWN,
    destinationWorkload: destination.workload || UNKNOWN,
    destinationNamespace: destination.namespace || UNKNOWN,
    destinationService: destination.service || UNKNOWN,
    destinationVersion: destination.version || UNKNOWN,
    destinationPrincipal: destination.principal || UNKNOWN,
    destinationHost: call.host || UNKNOWN,
    security: call.security,
    protocol: call.protocol || UNKNOWN,
    route: outcome.route,
    method: outcome.method || UNKNOWN,
    code: String(outcome.code),
    flags: outcome.flags || "-",
    grpcStatus: outcome.grpcStatus === undefined ? "" : String(outcome.grpcStatus),
  };
}

/** The outcome that a series stands for; a TCP series has none but its flags. */
export function outcomeOf(labels: SeriesLabels): Outcome {
  return labels.kind === "request" ? labels : { route: "", method: "", code: 0, flags: labels.flags };
}

/** A test of label values, from the query's filters. */
export function buildFilter(parameters: FilterParameters): (values: LabelValues) => boolean {
  const tests: ((values: LabelValues) => boolean)[] = [];
  const { namespace, security } = parameters;
  const sources = splitList(parameters.source);
  const destinations = splitList(parameters.destination);
  const versions = splitList(parameters.version);
  const codes = splitList(parameters.code);
  const flags = splitList(parameters.flags);
  const methods = splitList(parameters.method).map((method) => method.toUpperCase());
  if (sources.length > 0)
    tests.push((values) =>
      sources.some((wanted) => isNamed(wanted, values.sourceNamespace, [values.sourceWorkload, values.sourceService])),
    );
  if (destinations.length > 0) {
    tests.push((values) => {
      const { destinationHost: host, destinationNamespace } = values;
      return destinations.some(
        (wanted) =>
          wanted === host ||
          isNamed(wanted, destinationNamespace, [values.destinationWorkload, values.destinationService, host.split(".")[0] ?? host]),
      );
    });
  }
  if (namespace !== undefined) tests.push((values) => values.sourceNamespace === namespace || values.destinationNamespace === namespace);
  if (versions.length > 0) tests.push((values) => versions.includes(values.destinationVersion));
  if (codes.length > 0) tests.push((values) => codes.some((wanted) => isCode(wanted, Number(values.code))));
  if (flags.length > 0) tests.push((values) => values.flags.split(",").some((flag) => flags.includes(flag)));
  if (methods.length > 0) tests.push((values) => methods.includes(values.method.toUpperCase()));
  if (security !== undefined) tests.push((values) => values.security === security);
  return (values) => tests.every((test) => test(values));
}

/** Label names of `groupBy`. */
export function parseGroupBy(value: string): readonly TelemetryLabel[] {
  return splitList(value).map((name) => {
    const label = TELEMETRY_LABELS.find((known) => known === name);
    if (label === undefined)
      throw new QueryError("invalid-query", `groupBy: unknown label "${name}"; labels are ${TELEMETRY_LABELS.join(", ")}`);
    return label;
  });
}

export function pickLabels(values: LabelValues, names: readonly TelemetryLabel[]): Partial<Record<TelemetryLabel, string>> {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

function splitList(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function isNamed(wanted: string, namespace: string, names: readonly string[]): boolean {
  const slash = wanted.indexOf("/");
  if (slash !== -1 && wanted.slice(0, slash) !== namespace) return false;
  return names.includes(wanted.slice(slash + 1));
}

/** `503` or a class such as `5xx`; `0xx` is no response. */
function isCode(wanted: string, code: number): boolean {
  return wanted.endsWith("xx") ? Math.floor(code / 100) === Number(wanted[0]) : code === Number(wanted);
}
