import type { Cancel, Clock } from "./clock.ts";

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
}

/** A clock that moves only when told to: tests advance it instead of sleeping. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #tasks = new Set<Task>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    const entry = { dueMs: this.#nowMs + delayMs, run: task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Moves time on by `deltaMs`, running what becomes due in order; promises settle between timers. */
  async advance(deltaMs: number): Promise<void> {
    const endMs = this.#nowMs + deltaMs;
    for (;;) {
      await settle();
      const due = [...this.#tasks].filter((task) => task.dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#tasks.delete(due);
      this.#nowMs = due.dueMs;
      due.run();
    }
    this.#nowMs = endMs;
    await settle();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
