import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, FakeClock } from "@fairlead/kit";
import { freePort, until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLUSTER, ENDPOINT, LISTENER, ROUTE } from "./ads/type-urls.ts";
import { type App, startApp } from "./app.ts";
import { type FakeAdsServer, request, startFakeAdsServer } from "./testing/fake-ads-server.ts";
import { FakeEngine } from "./testing/fake-engine.ts";
import { listener, resource, staticCluster } from "./testing/resources.ts";
import { sidecarSettings } from "./testing/settings.ts";

let engine: FakeEngine;
let clock: FakeClock;
let server: FakeAdsServer;
let directory: string;
let app: App;
let quits: number;

beforeEach(async () => {
  engine = new FakeEngine();
  clock = new FakeClock();
  quits = 0;
  directory = mkdtempSync(join(tmpdir(), "fairlead-app-"));
  server = await startFakeAdsServer();
  app = await startApp({
    settings: sidecarSettings({
      stateDirectory: join(directory, "state"),
      pilot: { address: server.address, insecure: true },
      mixer: { address: "127.0.0.1:1" },
      drainMs: 1_234,
    }),
    engine,
    clock,
    random: () => 0.5,
    logger: createLogger({ component: "test", level: "silent" }),
    onQuit: () => (quits += 1),
  });
});

afterEach(async () => {
  await app.stop();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function configure(): Promise<void> {
  const stream = await server.delta(0);
  stream.send({ typeUrl: CLUSTER, nonce: "n1", resources: [resource(CLUSTER, "a", "1", staticCluster("a"))] });
  stream.send({ typeUrl: LISTENER, nonce: "n2", resources: [resource(LISTENER, "l", "1", listener("l", []))] });
  await request(stream, ({ responseNonce }) => responseNonce === "n2");
}

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${app.adminAddress}${path}`, init);
const post = (path: string, body?: unknown): Promise<Response> =>
  get(path, {
    method: "POST",
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });

describe("readiness", () => {
  it("comes when clusters and listeners are there and the engine has warmed them", async () => {
    expect((await get("/ready")).status).toBe(503);
    await configure();
    expect((await get("/ready")).status).toBe(503);
    engine.ready = true;
    expect(await (await get("/ready")).text()).toBe("LIVE\n");
    expect((await get("/healthz/ready")).status).toBe(200);
  });

  it("goes when the proxy is drained", async () => {
    engine.ready = true;
    await configure();
    expect((await post("/drain_listeners")).status).toBe(200);
    expect(await (await get("/ready")).text()).toBe("DRAINING\n");
    expect(engine.drains).toEqual([{ deadlineMs: 1_234, scope: "all" }]);
  });

  it("stays when only inbound listeners are drained", async () => {
    engine.ready = true;
    await configure();
    await post("/drain_listeners?inboundonly&graceful");
    expect(engine.drains).toEqual([{ deadlineMs: 1_234, scope: "inbound" }]);
    expect((await get("/ready")).status).toBe(200);
  });
});

describe("the admin API", () => {
  it("says who the proxy is and what it has from its xds server", async () => {
    await configure();
    expect(await (await get("/fairlead/server_info")).json()).toMatchObject({
      version: "0.1.0",
      state: "starting",
      node: { name: "reviews-v1", principal: "spiffe://cluster.local/ns/default/sa/reviews" },
      xds: {
        protocol: "delta",
        connected: true,
        lastError: null,
        fromLastKnownGood: false,
        types: [
          { typeUrl: CLUSTER, resources: 1, acknowledged: 1 },
          { typeUrl: ENDPOINT, resources: 0 },
          { typeUrl: LISTENER, resources: 1 },
          { typeUrl: ROUTE, resources: 0 },
        ],
      },
      report: { connected: false },
    });
  });

  it("shows what the engine runs", async () => {
    expect(await (await get("/fairlead/config_dump")).json()).toMatchObject({ config: { listeners: [] }, node: { name: "reviews-v1" } });
    expect(await (await get("/fairlead/clusters")).json()).toEqual({ clusters: [], endpoints: [] });
    expect(await (await get("/fairlead/certs")).json()).toEqual({ certificate: null });
  });

  it("serves the engine's metrics and the process's own, as text and as samples", async () => {
    await configure();
    const text = await (await get("/stats/prometheus")).text();
    expect(text).toContain('istio_requests_total{response_code="200"} 7');
    expect(text).toContain("fairlead_proxy_xds_connected 1");
    expect(text).toContain("process_resident_memory_bytes");
    const sample = { name: "istio_requests_total", labels: { response_code: "200" }, value: 7 };
    expect(await (await get("/fairlead/stats")).json()).toMatchObject({ samples: expect.arrayContaining([sample]) });
  });

  it("explains a request", async () => {
    const answer = await post("/explain", { authority: "reviews:9080", path: "/x", headers: [["end-user", "jason"]] });
    expect(await answer.json()).toMatchObject({ listener: "http_proxy", decisions: [{ stage: "route", outcome: "matched /x" }] });
  });

  it("says what is wrong with a request that cannot be explained", async () => {
    const answer = await post("/explain", { authority: "reviews", path: "x", verb: "GET" });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^not a request to explain: path: .*; .*verb/) });
  });

  it("answers no web page, so that none can stop the proxy of the machine it is opened on", async () => {
    const answer = await get("/quitquitquit", { method: "POST", headers: { origin: "http://example.com" } });
    expect(answer.status).toBe(403);
    expect(quits).toBe(0);
  });

  it("ends the process when told to, after it has answered", async () => {
    expect(await (await post("/quitquitquit")).text()).toBe("OK\n");
    await until("the process is told to end", () => quits === 1);
  });

  it("names what it does not have", async () => {
    const answer = await get("/nothing");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: "nothing at GET /nothing" });
  });
});

describe("stopping", () => {
  it("drains, then ends the engine", async () => {
    await app.stop();
    expect(engine.drains).toEqual([{ deadlineMs: 1_234, scope: "all" }]);
    expect(engine.stopped).toBe(true);
    expect(app.state()).toBe("stopped");
    await expect(get("/ready")).rejects.toThrow("fetch failed");
  });
});

describe("taking over from a former process", () => {
  it("waits for the former one's admin address, and the former one leaves all to it", async () => {
    await app.stop();
    const adminAddress = `127.0.0.1:${await freePort()}`;
    const ended: string[] = [];
    const start = (name: string, own: FakeEngine): Promise<App> =>
      startApp({
        settings: sidecarSettings({
          stateDirectory: join(directory, name),
          pilot: { address: server.address, insecure: true },
          adminAddress,
          handoverPath: join(directory, "handover.sock"),
        }),
        engine: own,
        clock,
        random: () => 0.5,
        logger: createLogger({ component: "test", level: "silent" }),
        onQuit: () => ended.push(name),
      });
    const advancing = async (what: string, ask: () => boolean): Promise<void> => {
      await until(what, () => {
        clock.advance(50);
        return ask();
      });
    };
    const former = await start("former", engine);
    await until("the former one listens", () => former.adminAddress !== "");
    const next = await start("next", new FakeEngine());
    clock.advance(1_000);
    expect([former.adminAddress !== "", next.adminAddress]).toEqual([true, ""]);

    engine.handedOver = true;
    await advancing("the next one listens", () => next.adminAddress !== "");
    expect(ended).toEqual(["former"]);
    expect(former.state()).toBe("draining");
    expect((await fetch(`${next.adminAddress}/fairlead/server_info`)).status).toBe(200);
    await former.stop();
    expect((await fetch(`${next.adminAddress}/fairlead/server_info`)).status).toBe(200);
    await next.stop();
  });

  it("ends where the admin address cannot be listened on at all", async () => {
    await app.stop();
    const errors: (Error | undefined)[] = [];
    const impossible = await startApp({
      settings: sidecarSettings({
        stateDirectory: join(directory, "state"),
        pilot: { address: server.address, insecure: true },
        adminAddress: "192.0.2.1:1",
        handoverPath: join(directory, "handover.sock"),
      }),
      engine,
      clock,
      random: () => 0.5,
      logger: createLogger({ component: "test", level: "silent" }),
      onQuit: (error) => errors.push(error),
    });
    await until("it says that it is to end", () => errors.length === 1);
    expect(errors[0]?.message).toContain("192.0.2.1");
    await impossible.stop();
  });
});
