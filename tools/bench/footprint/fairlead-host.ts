/**
 * Our proxy as a process that has nothing else in it, for measurements of memory and of updates: `fairlead-host.ts FILE`, where FILE is the configuration of
 * the library. Prints `ready` once it serves. A line `update N MS` on its standard input changes the weights of all weighted routes N times, every MS
 * milliseconds, and is answered `updated`; a line `engine` is answered `engine BYTES`: what the engine has taken from the system.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { giveWayToWorkers, Proxy, type ProxyConfig, type RouteConfig } from "@fairlead/dataplane";

const ENGINE_MEMORY = "fairlead_proxy_memory_resident_bytes";

// Read again when it is to change: the proxy does not need these objects, and they would be counted as its own.
const readConfig = (): ProxyConfig => JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const proxy = await Proxy.start({ config: readConfig(), workers: 1 });
// As the process of a sidecar does.
await giveWayToWorkers();
// What reading the configuration took is given back after a second.
await delay(2_000);
globalThis.gc?.();
console.log("ready");

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "engine") {
    console.log(`engine ${(await proxy.stats()).find(({ name }) => name === ENGINE_MEMORY)?.value ?? 0}`);
    continue;
  }
  const [, count, intervalMs] = /^update (\d+) (\d+)$/.exec(line)?.map(Number) ?? [];
  if (count === undefined || intervalMs === undefined) throw new Error(`not understood: ${line}`);
  const config = readConfig();
  for (let index = 1; index <= count; index += 1) {
    await proxy.apply(withWeights(config, index % 2 === 0 ? 50 : 51));
    await delay(intervalMs);
  }
  console.log("updated");
}

/** The configuration with the first cluster's share of every weighted route changed. */
function withWeights(config: ProxyConfig, percent: number): ProxyConfig {
  const shift = (route: RouteConfig): RouteConfig => {
    if (route.action.kind !== "forward" || typeof route.action.to === "string") return route;
    const to = route.action.to.map((each, index) => ({ ...each, weight: index === 0 ? percent : 100 - percent }));
    return { ...route, action: { ...route.action, to } };
  };
  const listeners = config.listeners.map((listener) =>
    listener.kind === "http"
      ? { ...listener, hosts: listener.hosts.map((host) => ({ ...host, routes: host.routes.map(shift) })) }
      : listener,
  );
  return { ...config, listeners };
}
