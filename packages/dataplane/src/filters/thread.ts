import { hrtime } from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { attachFilterThread } from "../native/filter-place.ts";
import { createModuleLoader } from "./modules.ts";
import { describe, FilterRunner } from "./runner.ts";
import type { FilterThreadData, FilterThreadMessage } from "./thread-messages.ts";

/** The entry of a thread that runs filters. It ends with its proxy, or when its parent says so. */

/** Failures that are told of in a second; the others are counted with the next. */
const MAX_TOLD = 5;
const TOLD_INTERVAL_MS = 1_000;

async function main(): Promise<void> {
  const data = parseData(workerData);
  const own = new URL(import.meta.url.endsWith(".ts") ? "../filter.ts" : "../filter.js", import.meta.url);
  const runner = new FilterRunner({
    load: createModuleLoader(data.directory, own.href),
    answer: (batch) => place.answer(batch),
    onFailure: createTeller(),
  });
  const place = await attachFilterThread(data.proxy, data.thread, () => runner.take(place.take()));
  // What came before there was anybody to be woken.
  runner.take(place.take());
  // Waiting for its parent is what keeps the thread alive.
  parentPort?.on("message", () => undefined);
  tell({ kind: "ready" });
}

function createTeller(): (module: string, error: unknown) => void {
  let told = 0;
  let untold = 0;
  let since = monotonicMs();
  return (module, error) => {
    if (monotonicMs() - since >= TOLD_INTERVAL_MS) {
      told = 0;
      since = monotonicMs();
    }
    told += 1;
    if (told > MAX_TOLD) untold += 1;
    else {
      tell({ kind: "failure", module, message: describe(error), untold });
      untold = 0;
    }
  };
}

/** The thread has no clock of kit's: what it loads costs memory of every thread. */
function monotonicMs(): number {
  return Number(hrtime.bigint() / 1_000_000n);
}

function tell(message: FilterThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has none
  parentPort?.postMessage(message);
}

function parseData(data: unknown): FilterThreadData {
  if (!isData(data)) throw new TypeError("this is a thread of a proxy's; it is not started by itself");
  return data;
}

function isData(data: unknown): data is FilterThreadData {
  return typeof data === "object" && data !== null && "proxy" in data && "thread" in data && "directory" in data;
}

await main();
