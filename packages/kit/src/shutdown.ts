import type { Logger } from "./log.ts";

export interface Shutdown {
  /** Aborted when the process is told to stop. */
  readonly signal: AbortSignal;
  /** Adds something to close; the last added closes first. */
  add(name: string, close: () => Promise<void> | void): void;
  /** Closes everything, once; also what SIGTERM and SIGINT do. */
  stop(): Promise<void>;
}

/** How long closing may take before the process ends anyway. */
const LIMIT_MS = 30_000;

/** Orderly stop of a process: on SIGTERM or SIGINT closes what was added, in reverse, then exits with 0. */
export function createShutdown(logger: Logger): Shutdown {
  const controller = new AbortController();
  const closers: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  const closeAll = async (): Promise<void> => {
    controller.abort();
    for (const { name, close } of closers.toReversed()) {
      try {
        await close();
      } catch (error) {
        logger.error({ err: error, part: name }, "failed to close");
      }
    }
  };
  const stop = (): Promise<void> => (stopping ??= closeAll());

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), LIMIT_MS).unref();
      void stop().then(() => process.exit(0));
    });
  }
  return { signal: controller.signal, add: (name, close) => closers.push({ name, close }), stop };
}
