// A server that says every half second how free its event loop was: a proxy of the library (`proxy`), or Node's own HTTP server (`node`).
import { once } from "node:events";
import { createServer } from "node:http";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setInterval } from "node:timers/promises";
import { Proxy } from "@fairlead/dataplane";

const WINDOW_MS = 500;
const RESOLUTION_MS = 5;

process.stdout.write(`listening on ${process.argv[2] === "proxy" ? await startProxy() : await startNode()}\n`);

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let before = performance.eventLoopUtilization();
for await (const window of setInterval(WINDOW_MS, "window")) {
  const now = performance.eventLoopUtilization();
  const { utilization } = performance.eventLoopUtilization(now, before);
  process.stdout.write(`${window} ${JSON.stringify({ meanDelayMs: delay.mean / 1e6, utilization })}\n`);
  delay.reset();
  before = now;
}

async function startProxy(): Promise<string> {
  const hosts = [{ routes: [{ action: { kind: "respond", status: 200, body: "fine" } as const }] }];
  const config = { listeners: [{ kind: "http" as const, name: "web", address: "127.0.0.1:0", hosts }], clusters: [] };
  // Reports and counters are on: what a program has that watches its proxy.
  const proxy = await Proxy.start({ config, workers: 1, onReport: () => undefined });
  return (await proxy.listeners())[0]?.addresses[0] ?? "";
}

async function startNode(): Promise<string> {
  const server = createServer((_request, response) => response.end("fine")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? `127.0.0.1:${bound.port}` : "";
}
