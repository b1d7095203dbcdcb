import { connect } from "node:net";
import { Agent } from "node:http";
import { sleep, systemClock } from "@fairlead/kit";
import { type HttpRequest, type Outcome, send } from "@fairlead/testkit";

/** One kind of request, sent at a constant rate whatever came back so far. */
export interface Stream {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly request: HttpRequest;
  /** Why an answer is not as it should be; undefined where it is. */
  readonly fault: (outcome: Outcome) => string | undefined;
}

export interface StreamCount {
  readonly name: string;
  sent: number;
  failed: number;
  /** What went wrong, first ones only. */
  readonly faults: string[];
}

export interface SoakLoad {
  readonly counts: readonly StreamCount[];
  /** Connections that were cut by their clients in the middle of something. */
  readonly cut: number;
  /** Sends nothing more and waits for what is under way. */
  stop(): Promise<void>;
}

const CONNECTIONS = 32;
const MAX_FAULTS = 20;
/** What a client that goes away has sent by then: nothing, half a head, a whole request whose answer it does not wait for. */
const CUT_AFTER = ["", "GET /api/v1/products/0 HTT", "GET /api/v1/products/0 HTTP/1.1\r\nHost: soak\r\n\r\n"];
const CUT_INTERVAL_MS = 200;

/** Sends all streams at once, and lets clients go away in between. Remembers counts only: a soak is long. */
export function startSoakLoad(streams: readonly Stream[], gateway: { readonly host: string; readonly port: number }): SoakLoad {
  const counts = streams.map(({ name }): StreamCount => ({ name, sent: 0, failed: 0, faults: [] }));
  const state = { isStopped: false, cut: 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const underWay = new Set<Promise<void>>();
  const running = streams.map(async (stream, index) => {
    const count = counts[index];
    if (count === undefined) return;
    const startMs = systemClock.monotonic();
    for (let turn = 0; !state.isStopped; turn += 1) {
      const waitMs = startMs + (turn * 1000) / stream.ratePerSecond - systemClock.monotonic();
      if (waitMs > 0) await sleep(systemClock, waitMs);
      const answered = sendOne(stream, count, agent).finally(() => underWay.delete(answered));
      underWay.add(answered);
    }
  });
  const cutting = (async () => {
    for (let turn = 0; !state.isStopped; turn += 1) {
      await sleep(systemClock, CUT_INTERVAL_MS);
      await cutConnection(gateway, CUT_AFTER[turn % CUT_AFTER.length] ?? "");
      state.cut += 1;
    }
  })();
  return {
    counts,
    get cut() {
      return state.cut;
    },
    async stop() {
      state.isStopped = true;
      await Promise.all([...running, cutting]);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}

async function sendOne(stream: Stream, count: StreamCount, agent: Agent): Promise<void> {
  count.sent += 1;
  const startedAt = new Date(systemClock.now()).toISOString();
  const fault = stream.fault(await send({ agent, ...stream.request }));
  if (fault === undefined) return;
  count.failed += 1;
  if (count.faults.length < MAX_FAULTS) count.faults.push(`${startedAt} ${fault}`);
}

function cutConnection(address: { readonly host: string; readonly port: number }, bytes: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(address);
  socket.once("connect", () => {
    if (bytes === "") return void socket.resetAndDestroy();
    socket.write(bytes, () => socket.resetAndDestroy());
  });
  socket.once("error", () => undefined);
  socket.once("close", () => resolve());
  return promise;
}
