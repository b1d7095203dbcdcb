/** Where a piece of configuration comes from; carried from the source to the proxy so that every decision can name it. */
export interface Origin {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** File (relative to the configuration folder) or cluster name that the object was read from. */
  readonly file?: string;
  /** First line of the object, or of the field at `path` where one is given, counted from 1. */
  readonly line?: number;
  /** Path of the field inside the object: `spec.http[0].route[1].weight`. */
  readonly path?: string;
}

export type Severity = "error" | "warning" | "info";

/** Something wrong with an object of the user's: a value, never an exception. */
export interface Problem {
  readonly severity: Severity;
  /** Stable identifier to search for and to suppress by: `schema`, `unknown-host` … */
  readonly code: string;
  /** What is wrong, lower-case, with the offending value. */
  readonly message: string;
  /** What to do about it, where there is something to say. */
  readonly hint?: string;
  readonly origin: Origin;
}

/** `VirtualService default/reviews (reviews.yaml:12, spec.http[0].route[0].weight)`. */
export function describeOrigin(origin: Origin): string {
  const where = [
    origin.file === undefined ? undefined : [origin.file, origin.line].filter((part) => part !== undefined).join(":"),
    origin.path,
  ]
    .filter((part) => part !== undefined && part !== "")
    .join(", ");
  const name = origin.namespace === "" ? origin.name : `${origin.namespace}/${origin.name}`;
  return `${origin.kind} ${name}${where === "" ? "" : ` (${where})`}`;
}

/** One line for a person: `error: VirtualService default/reviews (…): weight must be at most 100, got 120`. */
export function describeProblem(problem: Problem): string {
  return `${problem.severity}: ${describeOrigin(problem.origin)}: ${problem.message}${problem.hint === undefined ? "" : `; ${problem.hint}`}`;
}
