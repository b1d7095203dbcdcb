import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a client saw of a connection. */
export interface Conversation {
  readonly text: string;
  /** The other side ended it. */
  readonly isClosed: boolean;
}

export interface TalkOptions {
  readonly port: number;
  /** One character per byte. */
  readonly bytes: string;
  /** Sent one by one, each in a segment of its own. */
  readonly bytewise?: boolean;
  /** True when nothing more is expected; a while later the connection is left. */
  readonly isEnough: (text: string) => boolean;
  /** Time for what should not come any more, but might. */
  readonly settleMs?: number;
  /** When something happened elsewhere last, by `performance.now()`. */
  readonly lastEventMs?: () => number;
}

/** A connection where nothing happens on either side for so long is left: something is incomplete. */
const SILENCE_MS = 1_000;
const SETTLE_MS = 150;
const POLL_MS = 10;

/** Says `bytes` on a connection of its own and listens until all is said. */
export async function talk(options: TalkOptions): Promise<Conversation> {
  const { port, bytes, isEnough, settleMs = SETTLE_MS, lastEventMs = () => 0 } = options;
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let text = "";
  let isClosed = false;
  let eventMs = performance.now();
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    eventMs = performance.now();
  });
  const close = (): void => {
    if (!isClosed) eventMs = performance.now();
    isClosed = true;
  };
  socket.once("end", close).once("close", close);
  for (const part of options.bytewise ? bytes : [bytes]) {
    if (isClosed) break;
    socket.write(part, "latin1");
    eventMs = performance.now();
    if (options.bytewise) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  for (;;) {
    const quietMs = performance.now() - Math.max(eventMs, lastEventMs());
    if (quietMs > SILENCE_MS || (quietMs > settleMs && (isClosed || isEnough(text)))) break;
    await sleep(POLL_MS);
  }
  socket.destroy();
  return { text, isClosed };
}
