import { Secret } from "@fairlead/kit";
import { beforeEach, describe, expect, it } from "vitest";
import type { HealthCheckConfig, ListenerConfig, OutlierDetectionConfig, ProxyConfig } from "./config.ts";
import { toEngineConfig } from "./engine-config.ts";
import { Proxy } from "./proxy.ts";
import { FakeEngine } from "./testing/fake-engine.ts";

const CONFIG: ProxyConfig = {
  listeners: [
    { kind: "http", name: "web", address: "127.0.0.1:8080", hosts: [{ routes: [{ action: { kind: "forward", to: "backends" } }] }] },
  ],
  clusters: [{ name: "backends", endpoints: ["127.0.0.1:9001", { address: "127.0.0.1:9002", weight: 2 }] }],
};

let engine: FakeEngine;
const start = (): Promise<Proxy> => Proxy.start({ config: CONFIG, workers: 1 }, async () => engine);

beforeEach(() => {
  engine = new FakeEngine();
});

describe("a proxy as a library", () => {
  it("gives the engine its configuration", async () => {
    await start();
    expect(JSON.parse(engine.configs[0] ?? "")).toEqual({
      listeners: [
        {
          name: "web",
          address: "127.0.0.1:8080",
          filterChains: [
            {
              filters: [
                {
                  httpConnectionManager: {
                    statPrefix: "web",
                    idleTimeoutMs: 0,
                    routes: {
                      inline: {
                        name: "web",
                        virtualHosts: [
                          {
                            name: "*",
                            domains: ["*"],
                            routes: [
                              {
                                name: "",
                                match: { headers: [], query: [] },
                                action: { forward: { cluster: "backends", mirrors: [] } },
                                headers: {},
                              },
                            ],
                          },
                        ],
                      },
                    },
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: "backends",
          kind: "static",
          endpoints: [{ endpoints: [{ address: "127.0.0.1:9001" }, { address: "127.0.0.1:9002", weight: 2 }] }],
          lbPolicy: { roundRobin: {} },
        },
      ],
    });
  });

  it("does not start with a configuration that is refused, and leaves no engine behind", async () => {
    engine.configProblems = [
      { severity: "error", resourceType: "listener", name: "web", path: "address", message: '"8080" is not an address' },
      { severity: "warning", resourceType: "cluster", name: "backends", path: "", message: "has no endpoints" },
    ];
    await expect(start()).rejects.toMatchObject({
      name: "ProxyError",
      code: "invalid-config",
      message: 'the configuration was refused:\n  web: address: "8080" is not an address',
      problems: engine.configProblems,
    });
    expect(engine.stopped).toBe(true);
  });

  it("answers warnings when a new configuration is taken", async () => {
    const proxy = await start();
    const warning = { severity: "warning", resourceType: "listener", name: "web", path: "address", message: "the port is in use" } as const;
    engine.configProblems = [warning];
    expect(await proxy.apply(CONFIG)).toEqual([warning]);
  });

  it("tells its statistics as samples", async () => {
    const proxy = await start();
    expect(await proxy.stats()).toEqual([{ name: "istio_requests_total", labels: { response_code: "200" }, value: 7 }]);
  });

  it("explains a request of which only the host is given", async () => {
    const proxy = await start();
    expect((await proxy.explain({ authority: "example.com" })).decisions).toEqual([{ stage: "route", outcome: "matched /" }]);
  });

  it("drains with the deadline it is given, or five seconds", async () => {
    const proxy = await start();
    engine.drained = false;
    expect(await proxy.drain(100)).toBe(false);
    await proxy.drain();
    expect(engine.drains.map(({ deadlineMs }) => deadlineMs)).toEqual([100, 5_000]);
  });

  it("tells the engine where processes hand over their sockets, and when that has happened", async () => {
    let handoverPath: string | undefined;
    const proxy = await Proxy.start({ config: CONFIG, handoverPath: "/run/proxy.sock" }, async (bootstrap) => {
      handoverPath = bootstrap.handoverPath;
      return engine;
    });
    expect(handoverPath).toBe("/run/proxy.sock");
    expect(proxy.handedOver).toBe(false);
    engine.handedOver = true;
    expect(proxy.handedOver).toBe(true);
    await proxy.stop();
    expect(proxy.handedOver).toBe(false);
  });

  it("refuses to work after it has been stopped, but may be stopped twice", async () => {
    const proxy = await start();
    await proxy.stop();
    await proxy.stop();
    await expect(proxy.stats()).rejects.toMatchObject({ code: "stopped" });
  });

  it("stops at the end of the scope it was made for", async () => {
    {
      await using proxy = await start();
      await proxy.stats();
      expect(engine.stopped).toBe(false);
    }
    expect(engine.stopped).toBe(true);
  });
});

describe("the engine's configuration", () => {
  it("knows matches, weights, retries, rewrites and mirrors", () => {
    const listener: ListenerConfig = {
      kind: "http",
      name: "web",
      address: "127.0.0.1:1",
      hosts: [
        {
          domains: ["example.com"],
          routes: [
            {
              match: {
                path: { prefix: "/a" },
                method: "GET",
                headers: { "x-user": { regex: "j.*" }, "x-any": true },
                query: { v: { exact: "1" } },
              },
              action: {
                kind: "forward",
                to: [
                  { cluster: "v1", weight: 80 },
                  { cluster: "v2", weight: 20 },
                ],
                rewritePrefix: "/b",
                rewriteHost: "b.example.com",
                retry: { on: ["5xx", "connect-failure"], attempts: 2 },
                mirrorTo: ["shadow"],
              },
              requestHeaders: { set: { "x-share": "100%" }, add: { "x-more": "1" }, remove: ["x-less"] },
            },
          ],
        },
      ],
    };
    expect(JSON.stringify(toEngineConfig({ listeners: [listener], clusters: [] }))).toContain(
      JSON.stringify({
        name: "",
        match: {
          path: { prefix: "/a" },
          headers: [
            { name: ":method", value: { string: { exact: "GET" } } },
            { name: "x-user", value: { string: { regex: "j.*" } } },
            { name: "x-any", value: { present: true } },
          ],
          query: [{ name: "v", value: { string: { exact: "1" } } }],
        },
        action: {
          forward: {
            weightedClusters: {
              clusters: [
                { name: "v1", weight: 80 },
                { name: "v2", weight: 20 },
              ],
            },
            pathRewrite: { prefix: "/b" },
            hostRewrite: { literal: "b.example.com" },
            retry: { retryOn: "5xx,connect-failure", numRetries: 2 },
            mirrors: [{ cluster: "shadow" }],
          },
        },
        headers: {
          request: {
            set: [
              { name: "x-share", value: "100%%", action: "overwriteIfExistsOrAdd" },
              { name: "x-more", value: "1", action: "appendIfExistsOrAdd" },
            ],
            remove: ["x-less"],
          },
        },
      }),
    );
  });

  it("resolves endpoints that are names, and reveals a private key to the engine alone", () => {
    const { clusters } = toEngineConfig({
      listeners: [],
      clusters: [
        {
          name: "a",
          endpoints: ["example.com:443"],
          loadBalancer: "random",
          tls: { serverName: "example.com", certificate: { chainPem: "chain", privateKeyPem: new Secret("key") } },
        },
      ],
    });
    expect(clusters).toEqual([
      {
        name: "a",
        kind: { strictDns: {} },
        endpoints: [{ endpoints: [{ address: "example.com:443" }] }],
        lbPolicy: "random",
        transport: {
          tls: {
            sni: "example.com",
            context: {
              certificates: [{ inline: { chain: "chain", key: "key" } }],
              validation: { trust: "system", subjectAltNames: [{ exact: "example.com" }] },
            },
          },
        },
      },
    ]);
  });

  it("lets clients of HTTP over TLS choose HTTP/2, and those of bytes nothing", () => {
    const tls = { certificate: { chainPem: "chain", privateKeyPem: "key" } };
    const { listeners } = toEngineConfig({
      listeners: [
        { kind: "http", name: "web", address: "127.0.0.1:1", tls, hosts: [] },
        { kind: "tcp", name: "bytes", address: "127.0.0.1:2", tls, to: "a" },
      ],
      clusters: [],
    });
    const context = { certificates: [{ inline: { chain: "chain", key: "key" } }] };
    expect(listeners).toMatchObject([
      { filterChains: [{ tls: { requireClientCertificate: false, context: { ...context, alpn: ["h2", "http/1.1"] } } }] },
      { filterChains: [{ tls: { requireClientCertificate: false, context: { ...context, alpn: [] } } }] },
    ]);
  });

  it.each(["http1", "http2", "auto"] as const)("asks for %s upstreams where a cluster does", (protocol) => {
    const { clusters } = toEngineConfig({ listeners: [], clusters: [{ name: "a", endpoints: ["127.0.0.1:1"], protocol }] });
    expect(clusters).toMatchObject([{ name: "a", http: { protocol } }]);
  });

  it("asks endpoints whether they are well, by the interval that is written and no other", () => {
    const cluster = { name: "a", kind: "static", endpoints: [{ endpoints: [] }], lbPolicy: { roundRobin: {} } };
    const interval = { intervalMs: 500, noTrafficIntervalMs: 500 };
    expect(
      checked({
        kind: "http",
        path: "/healthz",
        headers: { "x-a": "100%" },
        expectedStatuses: [204, { from: 200, to: 202 }],
        contains: ["up"],
        intervalMs: 500,
        port: 8080,
      }),
    ).toEqual([
      {
        ...cluster,
        healthCheck: {
          ...interval,
          altPort: 8080,
          kind: {
            http: {
              path: "/healthz",
              headers: [{ name: "x-a", value: "100%%", action: "overwriteIfExistsOrAdd" }],
              expectedStatuses: [
                { start: 204, end: 205 },
                { start: 200, end: 203 },
              ],
              receive: [{ text: "up" }],
            },
          },
        },
      },
    ]);
    expect(checked({ kind: "tcp", send: new Uint8Array([1, 255]), receive: ["pong"], intervalMs: 500 })).toEqual([
      { ...cluster, healthCheck: { ...interval, kind: { tcp: { send: { hex: "01ff" }, receive: [{ text: "pong" }] } } } },
    ]);
    expect(checked({ kind: "grpc", service: "s", intervalMs: 500 })).toEqual([
      { ...cluster, healthCheck: { ...interval, kind: { grpc: { serviceName: "s" } } } },
    ]);
  });

  it("compares success rates and failures only where that is asked for", () => {
    const off = { enforcingSuccessRate: 0, enforcingFailurePercentage: 0 };
    expect(detecting({ consecutiveFailures: 3 })).toMatchObject([{ outlierDetection: { consecutive5xx: 3, ...off } }]);
    const asked = { successRate: { deviations: 1.5, minimumEndpoints: 3 }, failurePercentage: { percent: 50, minimumRequests: 10 } };
    expect(detecting(asked)).toMatchObject([
      {
        outlierDetection: {
          enforcingSuccessRate: 100,
          successRateStdevFactor: 1500,
          successRateMinimumHosts: 3,
          enforcingFailurePercentage: 100,
          failurePercentageThreshold: 50,
          failurePercentageRequestVolume: 10,
        },
      },
    ]);
  });
});

function checked(healthCheck: HealthCheckConfig): unknown {
  return toEngineConfig({ listeners: [], clusters: [{ name: "a", endpoints: [], healthCheck }] })["clusters"];
}

function detecting(outlierDetection: OutlierDetectionConfig): unknown {
  return toEngineConfig({ listeners: [], clusters: [{ name: "a", endpoints: [], outlierDetection }] })["clusters"];
}
