import type { Cancel, Clock } from "@fairlead/kit";
import type { ChildMessage } from "./message.ts";

/** Several processes that say the same within a moment, said once. */
export interface Warning {
  readonly level: "warn" | "error";
  readonly text: string;
  readonly children: readonly string[];
}

const GATHER_MS = 300;
/** The same sentence is not repeated within this time. */
const QUIET_MS = 15_000;
const MAX_REMEMBERED = 200;

/** Gathers equal messages of many processes and drops repetitions, so that one event is one line. */
export function createWarnings(options: { readonly clock: Clock; readonly onWarning: (warning: Warning) => void }): {
  add(message: ChildMessage): void;
  stop(): void;
} {
  const { clock, onWarning } = options;
  const gathering = new Map<string, { readonly message: ChildMessage; readonly children: Set<string>; readonly cancel: Cancel }>();
  const said = new Map<string, number>();
  const flush = (key: string): void => {
    const entry = gathering.get(key);
    if (entry === undefined) return;
    gathering.delete(key);
    said.set(key, clock.monotonic());
    if (said.size > MAX_REMEMBERED) said.delete(said.keys().next().value ?? "");
    onWarning({ level: entry.message.level, text: entry.message.text, children: [...entry.children] });
  };
  return {
    add(message) {
      // Durations and the like differ between processes that mean the same.
      const key = message.text.replace(/\d+/g, "#");
      const lastMs = said.get(key);
      if (lastMs !== undefined && clock.monotonic() - lastMs < QUIET_MS) return;
      const entry = gathering.get(key);
      if (entry === undefined)
        gathering.set(key, { message, children: new Set([message.child]), cancel: clock.after(GATHER_MS, () => flush(key)) });
      else entry.children.add(message.child);
    },
    stop() {
      for (const { cancel } of gathering.values()) cancel();
      gathering.clear();
    },
  };
}
