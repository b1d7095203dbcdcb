import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Proxy, type ProxyConfig } from "@fairlead/dataplane";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:8080" },
    stable: { type: "string", multiple: true, default: [] },
    canary: { type: "string", multiple: true, default: [] },
    steps: { type: "string", default: "5,25,50,100" },
    interval: { type: "string", default: "10000" },
    "min-requests": { type: "string", default: "50" },
    "max-error-rate": { type: "string", default: "0.02" },
  },
});
const intervalMs = Number(values.interval);
const minRequests = Number(values["min-requests"]);
const maxErrorRate = Number(values["max-error-rate"]);

/** The same configuration but for the canary's share. */
function toConfig(percent: number): ProxyConfig {
  const to = [
    { cluster: "stable", weight: 100 - percent },
    { cluster: "canary", weight: percent },
  ];
  return {
    listeners: [
      { kind: "http", name: "web", address: values.listen, hosts: [{ routes: [{ name: "split", action: { kind: "forward", to } }] }] },
    ],
    clusters: [
      { name: "stable", endpoints: values.stable },
      { name: "canary", endpoints: values.canary },
    ],
  };
}

interface Counts {
  readonly answered: number;
  readonly errors: number;
}

/** What the canary has served since it began. A request that is under way says nothing yet. */
async function countCanary(proxy: Proxy): Promise<Counts> {
  const endpoints = (await proxy.endpoints()).filter(({ cluster }) => cluster === "canary");
  const sum = (pick: (endpoint: (typeof endpoints)[number]) => number): number =>
    endpoints.reduce((total, endpoint) => total + pick(endpoint), 0);
  return {
    answered: sum(({ requestsTotal, activeRequests }) => requestsTotal - activeRequests),
    errors: sum(({ errorsTotal }) => errorsTotal),
  };
}

/** Error rate of the canary since `before`, over an interval, or over as many as it takes to be sure. */
async function measure(proxy: Proxy, before: Counts, signal: AbortSignal): Promise<number> {
  for (;;) {
    await setTimeout(intervalMs, undefined, { signal });
    const after = await countCanary(proxy);
    const errors = after.errors - before.errors;
    // An error is known from the head of the response on, and its request may be under way still.
    const answered = Math.max(after.answered - before.answered, errors);
    if (answered >= minRequests) return errors / answered;
  }
}

async function rollOut(proxy: Proxy, signal: AbortSignal): Promise<boolean> {
  for (const percent of values.steps.split(",").map(Number)) {
    const before = await countCanary(proxy);
    await proxy.apply(toConfig(percent));
    console.log(`canary gets ${percent} %`);
    const errorRate = await measure(proxy, before, signal);
    console.log(`canary fails ${(errorRate * 100).toFixed(1)} %`);
    if (errorRate > maxErrorRate) {
      await proxy.apply(toConfig(0));
      return false;
    }
  }
  return true;
}

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());

const proxy = await Proxy.start({ config: toConfig(0) });
const [listener] = await proxy.listeners();
console.log(`listening on ${listener?.addresses[0]}`);
try {
  console.log((await rollOut(proxy, ending.signal)) ? "promoted" : "rolled back");
  // Goes on serving with what was decided.
  await new Promise((resolve) => ending.signal.addEventListener("abort", resolve, { once: true }));
} catch (error) {
  if (!ending.signal.aborted) throw error;
}
await proxy.drain();
await proxy.stop();
