import { type Clock, type Logger, type Monitoring, sleep } from "@fairlead/kit";
import type { Engine } from "./native/engine.ts";

const LOOK_MS = 50;
const TELL_AFTER_MS = 30_000;

/** Resolves once another process has taken over the engine's listening sockets; rejects on the signal. */
export async function untilHandedOver(engine: Pick<Engine, "isHandedOver">, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!engine.isHandedOver()) await sleep(clock, LOOK_MS, signal);
}

export interface TakeOverOptions {
  /** What listens there, for the log: `admin`. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Listens, and while the address is in use tries again: until the former process has handed over it is that one's. Answers the address; rejects on the
 * signal and where the address cannot be listened on at all.
 */
export async function listenAfterFormer(server: Pick<Monitoring, "listen">, options: TakeOverOptions): Promise<string> {
  const { name, clock, logger, signal } = options;
  let toldMs = -Infinity;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await server.listen();
    } catch (error) {
      if (!isInUse(error)) throw error;
      if (clock.monotonic() - toldMs >= TELL_AFTER_MS) {
        toldMs = clock.monotonic();
        logger.info({ server: name, reason: error.message }, "waiting for the former process to leave its address");
      }
    }
    await sleep(clock, LOOK_MS, signal);
  }
}

function isInUse(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
