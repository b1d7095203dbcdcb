import { parseArgs } from "node:util";
import { setTimeout } from "node:timers/promises";
import { type HealthCheckConfig, Proxy, type ProxyConfig, type ProxyEndpoint } from "@fairlead/dataplane";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:8080" },
    to: { type: "string", multiple: true, default: [] },
    health: { type: "string", default: "/healthz" },
    interval: { type: "string", default: "1000" },
  },
});

const healthCheck: HealthCheckConfig = {
  kind: "http",
  path: values.health,
  intervalMs: Number(values.interval),
  timeoutMs: 500,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
};

const config: ProxyConfig = {
  listeners: [
    {
      kind: "http",
      name: "web",
      address: values.listen,
      // A request that provably reached nobody, or that may be sent twice, goes to another endpoint.
      hosts: [{ routes: [{ action: { kind: "forward", to: "backends", retry: { on: ["connect-failure", "5xx"], attempts: 2 } } }] }],
    },
  ],
  clusters: [
    { name: "backends", endpoints: values.to, loadBalancer: "leastRequest", healthCheck, outlierDetection: { consecutiveFailures: 5 } },
  ],
};

const proxy = await Proxy.start({ config });
const [listener] = await proxy.listeners();
console.log(`listening on ${listener?.addresses[0]}`);

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());

const known = new Map<string, string>();
try {
  for (;;) {
    await setTimeout(Number(values.interval), undefined, { signal: ending.signal });
    for (const endpoint of await proxy.endpoints()) {
      const state = describe(endpoint);
      if (known.get(endpoint.address) !== state) console.log(`${endpoint.address} ${state}`);
      known.set(endpoint.address, state);
    }
  }
} catch (error) {
  if (!ending.signal.aborted) throw error;
}

await proxy.drain();
for (const { address, requestsTotal, errorsTotal } of await proxy.endpoints())
  console.log(`${address} served ${requestsTotal}, failed ${errorsTotal}`);
await proxy.stop();

function describe({ healthy, ejected, lastHealthCheckFailure }: ProxyEndpoint): string {
  if (healthy) return "is healthy";
  return ejected ? "is left out: it failed too often" : `is unhealthy: ${lastHealthCheckFailure ?? "not checked yet"}`;
}
