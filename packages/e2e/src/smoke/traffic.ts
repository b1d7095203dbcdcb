import { type LoadSummary, type Outcome, type RunningLoad, startConstantRate, until } from "@fairlead/testkit";

/** What the application says about one request: the answer of `GET /api/v1/products/0`. */
export interface Observation {
  /** Status of the gateway's answer, 0 for none. */
  readonly status: number;
  readonly error: string | undefined;
  /** Of the part that `details` answered; undefined where the answer could not be read. */
  readonly details: number | undefined;
  readonly reviews: number | undefined;
  /** Status of ratings as reviews saw it; undefined where reviews does not ask. */
  readonly ratings: number | undefined;
  /** Version of reviews that answered. */
  readonly version: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Statuses of `details` that are as they should be. */
export type Expectation = ReadonlySet<number>;

const ALL_WELL: Expectation = new Set([200]);
/** So many answers in a row count as "traffic has changed over". */
const STEADY = 25;

/** Constant load whose every answer is compared with what the present phase allows. */
export class Traffic {
  readonly observations: Observation[] = [];
  /** Answers that no phase allows, first ones only. */
  readonly unexpected: string[] = [];
  unexpectedCount = 0;
  readonly #load: RunningLoad;
  /** By turn, what was allowed when it was sent. */
  readonly #allowed: Expectation[] = [];
  #now: Expectation = ALL_WELL;

  constructor(url: string, ratePerSecond: number) {
    this.#load = startConstantRate({
      ratePerSecond,
      connections: 64,
      request: (turn) => {
        this.#allowed[turn] = this.#now;
        return { url };
      },
      onOutcome: (outcome, turn) => this.#see(outcome, turn),
    });
  }

  get sent(): number {
    return this.#load.sent;
  }

  /** From now on `details` may also answer this status. */
  allow(status: number): void {
    this.#now = new Set([...ALL_WELL, status]);
  }

  /** From now on only 200 is right. */
  allowNothing(): void {
    this.#now = ALL_WELL;
  }

  /** Waits until an answer after now satisfies `condition`. */
  untilSome(what: string, condition: (observation: Observation) => boolean, timeoutMs = 10_000): Promise<Observation> {
    const start = this.observations.length;
    return until(what, () => this.observations.slice(start).find(condition), { timeoutMs });
  }

  /** Waits until a row of answers after now satisfies `condition`. */
  async untilAll(what: string, condition: (observation: Observation) => boolean, timeoutMs = 10_000): Promise<void> {
    const start = this.observations.length;
    await until(
      what,
      () => {
        const row = this.observations.slice(Math.max(start, this.observations.length - STEADY));
        return row.length === STEADY && row.every(condition);
      },
      { timeoutMs },
    );
  }

  /** Waits until so many more requests are answered. */
  async untilAnswered(count: number): Promise<void> {
    const end = this.observations.length + count;
    await until(`${count} more requests are answered`, () => this.observations.length >= end, { timeoutMs: 120_000, intervalMs: 50 });
  }

  stop(): Promise<LoadSummary> {
    return this.#load.stop();
  }

  #see(outcome: Outcome, turn: number): void {
    const observation = observe(outcome);
    this.observations.push(observation);
    const { status, details, reviews, ratings = 200, version, error } = observation;
    const isAllowed = details !== undefined && (this.#allowed[turn]?.has(details) === true || this.#now.has(details));
    if (status === 200 && reviews === 200 && ratings === 200 && version !== undefined && isAllowed) return;
    this.unexpectedCount += 1;
    if (this.unexpected.length < 10)
      this.unexpected.push(error ?? `gateway ${status}, details ${details ?? "-"}, reviews ${reviews ?? "-"}, ratings ${ratings}`);
  }
}

function observe(outcome: Outcome): Observation {
  if (outcome.kind === "error")
    return { status: 0, error: outcome.code, details: undefined, reviews: undefined, ratings: undefined, version: undefined, headers: {} };
  const body = parseJson(outcome.body);
  const reviews = fieldOf(body, "reviews");
  return {
    status: outcome.status,
    error: outcome.status === 200 ? undefined : `gateway ${outcome.status}: ${outcome.body.slice(0, 100)}`,
    details: numberOf(fieldOf(fieldOf(body, "details"), "status")),
    reviews: numberOf(fieldOf(reviews, "status")),
    ratings: numberOf(fieldOf(fieldOf(reviews, "body"), "ratingsStatus")),
    version: textOf(fieldOf(fieldOf(reviews, "body"), "version")),
    headers: outcome.headers,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
