import type { Cancel, Clock } from "@fairlead/kit";

/** Runs a task once changes calm down: `quietMs` after the last, at the latest `maxMs` after the first. */
export interface Debounce {
  trigger(): void;
  stop(): void;
}

export function createDebounce(options: {
  readonly quietMs: number;
  readonly maxMs: number;
  readonly clock: Clock;
  readonly task: () => void;
}): Debounce {
  const { quietMs, maxMs, clock, task } = options;
  let cancel: Cancel | undefined;
  let firstMs: number | undefined;
  return {
    trigger() {
      firstMs ??= clock.monotonic();
      cancel?.();
      const leftMs = Math.max(0, firstMs + maxMs - clock.monotonic());
      cancel = clock.after(Math.min(quietMs, leftMs), () => {
        cancel = undefined;
        firstMs = undefined;
        task();
      });
    },
    stop() {
      cancel?.();
      cancel = undefined;
      firstMs = undefined;
    },
  };
}

/** Clients that wait for a push, each once however often it is asked for. */
export interface PushQueue<Client> {
  add(client: Client): void;
  delete(client: Client): void;
  readonly size: number;
}

/** Longest time that pushes hold up everything else, before others have a turn. */
const SLICE_MS = 20;

/** Pushes in slices, first come first served, so that many clients never stall the process. */
export function createPushQueue<Client>(options: { readonly clock: Clock; readonly push: (client: Client) => void }): PushQueue<Client> {
  const { clock, push } = options;
  const waiting = new Set<Client>();
  let isScheduled = false;

  const run = (): void => {
    isScheduled = false;
    const startMs = clock.monotonic();
    for (const client of waiting) {
      waiting.delete(client);
      push(client);
      if (clock.monotonic() - startMs >= SLICE_MS) break;
    }
    schedule();
  };
  const schedule = (): void => {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    setImmediate(run);
  };

  return {
    add(client) {
      waiting.add(client);
      schedule();
    },
    delete: (client) => waiting.delete(client),
    get size() {
      return waiting.size;
    },
  };
}
