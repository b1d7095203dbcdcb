import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProxyConfig } from "../config.ts";
import type { ProxyReport } from "../proxy-report.ts";
import { Proxy } from "../proxy.ts";
import { createNativeEngine } from "./addon.ts";

/** These run on the engine itself. */

let upstream: Server;
let proxy: Proxy | undefined;
let address: string;

beforeEach(async () => {
  upstream = createServer((request, response) => response.end(`${request.method} ${request.url}`));
  address = await freeAddress();
  await listen(upstream);
});

afterEach(async () => {
  await proxy?.stop();
  upstream.close();
});

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return addressOf(server);
}

function addressOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not bound");
  return `${bound.address}:${bound.port}`;
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  const free = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return free;
}

function configTo(cluster: string): ProxyConfig {
  return {
    listeners: [
      {
        kind: "http",
        name: "web",
        address,
        hosts: [
          {
            routes: [
              { name: "hello", match: { path: { exact: "/hello" } }, action: { kind: "respond", status: 200, body: "hello" } },
              {
                name: "api",
                match: { path: { prefix: "/api" }, method: "GET", headers: { "x-user": { prefix: "j" } } },
                action: { kind: "forward", to: cluster, rewritePrefix: "/v1", retry: { on: ["connect-failure"], attempts: 2 } },
                responseHeaders: { set: { "x-share": "100%" } },
              },
              { name: "old", match: { path: { prefix: "/old" } }, action: { kind: "redirect", path: "/new", status: 308 } },
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: "backends",
        endpoints: [{ address: addressOf(upstream), weight: 3 }],
        loadBalancer: "leastRequest",
        connectTimeoutMs: 1_000,
        limits: { maxConnections: 10, maxRequests: 100 },
        outlierDetection: { consecutiveFailures: 3, ejectionTimeMs: 1_000 },
      },
    ],
  };
}

const start = async (): Promise<Proxy> => (proxy = await Proxy.start({ config: configTo("backends"), workers: 1 }));
const get = (path: string, headers = {}): Promise<Response> => fetch(`http://${address}${path}`, { headers, redirect: "manual" });

describe("the native engine", () => {
  it("serves what the configuration says", async () => {
    await start();
    expect(await (await get("/hello")).text()).toBe("hello");
    const forwarded = await get("/api/x?y=1", { "x-user": "jason" });
    expect(await forwarded.text()).toBe("GET /v1/x?y=1");
    expect(forwarded.headers.get("x-share")).toBe("100%");
    const redirected = await get("/old/page");
    expect([redirected.status, redirected.headers.get("location")]).toEqual([308, `http://${address}/new`]);
    expect((await get("/api/x", { "x-user": "mary" })).status).toBe(404);
  });

  it("replaces its configuration while it serves", async () => {
    const running = await start();
    await running.apply({ ...configTo("backends"), clusters: [{ name: "backends", endpoints: [] }] });
    expect((await get("/api", { "x-user": "j" })).status).toBe(503);
    await running.apply(configTo("backends"));
    expect((await get("/api", { "x-user": "j" })).status).toBe(200);
  });

  it("refuses a configuration that is wrong, says where, and goes on with the one before", async () => {
    const running = await start();
    const wrong: ProxyConfig = { listeners: [{ kind: "tcp", name: "t", address: "nowhere", to: "x" }], clusters: [] };
    await expect(running.apply(wrong)).rejects.toMatchObject({ code: "invalid-config", message: expect.stringContaining("nowhere") });
    expect((await get("/hello")).status).toBe(200);
  });

  it("explains a request by the route that would serve it", async () => {
    const running = await start();
    const explanation = await running.explain({ address, authority: "example.com", path: "/api/x", headers: [["x-user", "jason"]] });
    expect(explanation).toMatchObject({
      listener: "web",
      route: "api",
      cluster: "backends",
      endpoints: [{ address: addressOf(upstream), healthy: true, weight: 3 }],
    });
    expect(explanation.decisions.map(({ stage }) => stage)).toContain("virtualHost");
  });

  it("counts", async () => {
    const running = await start();
    await get("/api", { "x-user": "j" });
    expect(await running.stats()).toContainEqual({
      name: "fairlead_proxy_cluster_requests_total",
      labels: { cluster: "backends" },
      value: 1,
    });
  });

  it("says how much memory its engine has, which is little", async () => {
    const stats = await (await start()).stats();
    const bytes = stats.find(({ name }) => name === "fairlead_proxy_memory_resident_bytes")?.value;
    expect(bytes).toBeGreaterThan(100 * 1024);
    expect(bytes).toBeLessThan(64 * 2 ** 20);
  });

  it("shows where its listeners are bound", async () => {
    expect(await (await start()).listeners()).toEqual([{ name: "web", addresses: [address] }]);
  });

  it("shows its endpoints with what they have served", async () => {
    const running = await start();
    await get("/api", { "x-user": "j" });
    await until("the request is counted", async () => {
      const [endpoint] = await running.endpoints();
      return endpoint?.requestsTotal === 1 && endpoint.activeRequests === 0;
    });
    const address = addressOf(upstream);
    expect(await running.endpoints()).toMatchObject([
      { cluster: "backends", address, weight: 3, healthy: true, ejected: false, errorsTotal: 0 },
    ]);
  });

  it("reports what it served, the rest before it has stopped", async () => {
    const reports: ProxyReport[] = [];
    const options = {
      config: configTo("backends"),
      workers: 1,
      reportIntervalMs: 60_000,
      onReport: (report: ProxyReport) => reports.push(report),
    };
    proxy = await Proxy.start(options);
    await get("/hello");
    await get("/nowhere");
    await proxy.stop();
    const totals = reports.flatMap(({ requests }) => requests);
    expect(totals).toContainEqual(
      expect.objectContaining({ route: "hello", method: "GET", status: 200, flags: "", count: 1, responseBytes: 5 }),
    );
    expect(totals).toContainEqual(expect.objectContaining({ status: 404, flags: "NR", count: 1 }));
  });

  it("refuses connections once drained, and everything once stopped", async () => {
    const running = await start();
    expect(await running.drain(1_000)).toBe(true);
    await expect(get("/hello")).rejects.toThrow("fetch failed");
    await running.stop();
    await expect(running.stats()).rejects.toMatchObject({ code: "stopped" });
  });

  it("answers resources that it cannot use with a problem each", async () => {
    const engine = await createNativeEngine({ workers: 1, reportIntervalMs: 0 });
    const problems = await engine.applyXds(
      "type.googleapis.com/envoy.config.cluster.v3.Cluster",
      [{ name: "broken", version: "1", bytes: Uint8Array.of(0xff, 0xff) }],
      [],
    );
    expect(problems).toMatchObject([{ severity: "error", name: "broken" }]);
    expect(engine.isReady()).toBe(false);
    expect(await engine.dumpConfig()).toMatchObject({ listeners: [], clusters: [] });
    await engine.stop();
  });

  it("refuses a bootstrap that it does not understand", async () => {
    // @ts-expect-error: what a program that is not type-checked might pass
    await expect(createNativeEngine({ workers: "many" })).rejects.toMatchObject({ name: "ProxyError", code: "start-failed" });
  });
});
