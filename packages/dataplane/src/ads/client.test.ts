import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { createLogger, FakeClock } from "@fairlead/kit";
import { until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NodeIdentity } from "../bootstrap.ts";
import { type DeltaStream, type FakeAdsServer, request, startFakeAdsServer } from "../testing/fake-ads-server.ts";
import { FakeEngine } from "../testing/fake-engine.ts";
import { any, edsCluster, endpoints, listener, resource, routeConfiguration, staticCluster } from "../testing/resources.ts";
import { untilLater } from "../testing/until-later.ts";
import { AdsClient } from "./client.ts";
import { createLastGood } from "./last-good.ts";
import { CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, ROUTE } from "./type-urls.ts";

const NODE: NodeIdentity = {
  id: "sidecar~127.0.0.1~reviews-v1.default~default.svc.cluster.local",
  cluster: "reviews.default",
  metadata: { NAMESPACE: "default", LABELS: { app: "reviews" } },
  userAgentName: "fairlead-proxy",
  userAgentVersion: "0.1.0",
};
const logger = createLogger({ component: "test", level: "silent" });

let engine: FakeEngine;
let clock: FakeClock;
let server: FakeAdsServer;
let directory: string;
let client: AdsClient | undefined;
/** Whether the next client's proxy answers questions of DNS. */
let wantsNames: boolean;
/** How often the disk was asked. */
let loads: number;

beforeEach(async () => {
  engine = new FakeEngine();
  clock = new FakeClock();
  loads = 0;
  wantsNames = false;
  directory = mkdtempSync(join(tmpdir(), "fairlead-ads-"));
  server = await startFakeAdsServer();
});

afterEach(async () => {
  await client?.stop();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

function start(protocol: "delta" | "sotw" = "delta", nodeId = NODE.id): AdsClient {
  const started = create(protocol, nodeId);
  started.start(credentials.createInsecure());
  return started;
}

function create(protocol: "delta" | "sotw" = "delta", nodeId = NODE.id): AdsClient {
  const lastGood = createLastGood({ directory, nodeId, clock, logger });
  client = new AdsClient({
    engine,
    node: NODE,
    protocol,
    wantsNames,
    server: server.address,
    lastGood: {
      ...lastGood,
      async load() {
        const types = await lastGood.load();
        loads += 1;
        return types;
      },
    },
    clock,
    random: () => 0.5,
    logger,
  });
  return client;
}

const clusters = (nonce: string, ...list: ReturnType<typeof resource>[]) => ({ typeUrl: CLUSTER, nonce, resources: list });
/** All clusters there are. */
const world = (versionInfo: string, nonce: string, ...list: Uint8Array[]) => ({
  typeUrl: CLUSTER,
  versionInfo,
  nonce,
  resources: list.map((bytes) => any(CLUSTER, bytes)),
});
const cluster = (name: string, version = "1") => resource(CLUSTER, name, version, edsCluster(name));

describe("the incremental protocol", () => {
  it("asks for all clusters and listeners, and says who it is in the first request only", async () => {
    start();
    const stream = await server.delta(0);
    await until("stream has two requests", () => stream.requests.length === 2);
    expect(stream.requests.map(({ typeUrl }) => typeUrl)).toEqual([CLUSTER, LISTENER]);
    expect(stream.requests[0]?.node).toMatchObject({ id: NODE.id, metadata: NODE.metadata });
    expect(stream.requests[1]?.node).toBeUndefined();
  });

  it("acknowledges what the engine takes", async () => {
    start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", cluster("a")));
    const ack = await request(stream, ({ responseNonce }) => responseNonce === "n1");
    expect(ack.errorDetail).toBeUndefined();
    expect(engine.names(CLUSTER)).toEqual(["a"]);
  });

  it("rejects with the engine's words, keeps the last good version of the bad resource, and takes the good ones beside it", async () => {
    engine.refuse = (name, version) => (name === "a" && version === "2" ? "weight must be positive, got -1" : undefined);
    const client = start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", cluster("a")));
    stream.send(clusters("n2", cluster("a", "2"), cluster("b", "2")));
    const nack = await request(stream, ({ responseNonce }) => responseNonce === "n2");
    expect(nack.errorDetail?.message).toBe("a: field: weight must be positive, got -1");
    expect(engine.version(CLUSTER, "a")).toBe("1");
    expect(engine.version(CLUSTER, "b")).toBe("2");
    const [status] = client.status().types;
    expect(status).toMatchObject({ resources: 2, acknowledged: 1, rejected: 1 });
    expect(status?.problems).toEqual([{ name: "a", version: "2", reason: "field: weight must be positive, got -1" }]);
  });

  it("forgets a problem when a good version follows", async () => {
    engine.refuse = (_name, version) => (version === "2" ? "bad" : undefined);
    const client = start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", cluster("a", "2")));
    stream.send(clusters("n2", cluster("a", "3")));
    await request(stream, ({ responseNonce }) => responseNonce === "n2");
    expect(client.status().types[0]?.problems).toEqual([]);
  });

  it("subscribes to the endpoints of clusters and the routes of listeners, and unsubscribes from both", async () => {
    start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", resource(CLUSTER, "a", "1", edsCluster("a", "endpoints-of-a")), cluster("b")));
    const eds = await request(stream, ({ typeUrl }) => typeUrl === ENDPOINT);
    expect(eds.resourceNamesSubscribe.toSorted()).toEqual(["b", "endpoints-of-a"]);
    stream.send({
      typeUrl: ENDPOINT,
      nonce: "n2",
      resources: [resource(ENDPOINT, "endpoints-of-a", "1", endpoints("endpoints-of-a")), resource(ENDPOINT, "b", "1", endpoints("b"))],
    });
    stream.send({ typeUrl: LISTENER, nonce: "n3", resources: [resource(LISTENER, "l", "1", listener("l", ["9080", "9081"]))] });
    const rds = await request(stream, ({ typeUrl }) => typeUrl === ROUTE);
    expect(rds.resourceNamesSubscribe).toEqual(["9080", "9081"]);
    stream.send({ typeUrl: CLUSTER, nonce: "n4", removedResources: ["b"] });
    const gone = await request(stream, ({ resourceNamesUnsubscribe }) => resourceNamesUnsubscribe.length > 0);
    expect(gone).toMatchObject({ typeUrl: ENDPOINT, resourceNamesUnsubscribe: ["b"] });
    expect(engine.names(ENDPOINT)).toEqual(["endpoints-of-a"]);
  });

  it("keeps the routes that a listener had until those it wants now have come", async () => {
    start();
    const stream = await server.delta(0);
    await serveOneOfEach(stream);
    stream.send({ typeUrl: LISTENER, nonce: "n5", resources: [resource(LISTENER, "l", "2", listener("l", ["9081"]))] });
    const change = await request(stream, ({ resourceNamesUnsubscribe }) => resourceNamesUnsubscribe.includes("9080"));
    expect(change.resourceNamesSubscribe).toEqual(["9081"]);
    expect(engine.names(ROUTE)).toEqual(["9080"]);
    stream.send({ typeUrl: ROUTE, nonce: "n6", resources: [resource(ROUTE, "9081", "1", routeConfiguration("9081"))] });
    await until("the route configuration is gone", () => !engine.names(ROUTE).includes("9080"));
    expect(engine.log.slice(-3)).toEqual(["Listener +l", "RouteConfiguration +9081", "RouteConfiguration -9080"]);
  });

  it("holds listeners and routes back until the endpoints of new clusters have come", async () => {
    start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", cluster("a")));
    stream.send({ typeUrl: LISTENER, nonce: "n2", resources: [resource(LISTENER, "l", "1", listener("l", []))] });
    await request(stream, ({ typeUrl }) => typeUrl === ENDPOINT);
    stream.send({ typeUrl: ENDPOINT, nonce: "n3", resources: [resource(ENDPOINT, "a", "1", endpoints("a"))] });
    await request(stream, ({ responseNonce }) => responseNonce === "n2");
    expect(engine.log).toEqual(["Cluster +a", "ClusterLoadAssignment +a", "Listener +l"]);
  });

  it("takes a removal as the answer for endpoints that do not exist", async () => {
    start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", cluster("a")));
    stream.send({ typeUrl: LISTENER, nonce: "n2", resources: [resource(LISTENER, "l", "1", listener("l", []))] });
    await request(stream, ({ typeUrl }) => typeUrl === ENDPOINT);
    stream.send({ typeUrl: ENDPOINT, nonce: "n3", removedResources: ["a"] });
    await request(stream, ({ responseNonce }) => responseNonce === "n2");
    expect(engine.names(LISTENER)).toEqual(["l"]);
  });

  it("goes on without endpoints that never come", async () => {
    start();
    const stream = await server.delta(0);
    stream.send(clusters("n1", cluster("a")));
    stream.send({ typeUrl: LISTENER, nonce: "n2", resources: [resource(LISTENER, "l", "1", listener("l", []))] });
    await request(stream, ({ typeUrl }) => typeUrl === ENDPOINT);
    await clock.advance(4_999);
    expect(engine.names(LISTENER)).toEqual([]);
    await clock.advance(1);
    await request(stream, ({ responseNonce }) => responseNonce === "n2");
  });

  it("refuses a type that it did not ask for", async () => {
    start();
    const stream = await server.delta(0);
    stream.send({ typeUrl: "type.googleapis.com/example.Unknown", nonce: "n1" });
    const nack = await request(stream, ({ responseNonce }) => responseNonce === "n1");
    expect(nack.errorDetail?.message).toContain("was not asked for");
    expect(engine.log).toEqual([]);
  });

  it("resumes after a lost stream with the versions it has, and goes on serving in between", async () => {
    const client = start();
    await serveOneOfEach(await server.delta(0));
    server.deltaStreams[0]?.fail();
    const again = await untilLater(clock, "there is a second stream", () => server.deltaStreams[1]);
    await until("again has four requests", () => again.requests.length >= 4);
    expect(
      again.requests.map(({ typeUrl, initialResourceVersions, resourceNamesSubscribe }) => [
        typeUrl,
        initialResourceVersions,
        resourceNamesSubscribe,
      ]),
    ).toEqual([
      [CLUSTER, { a: "1" }, []],
      [ENDPOINT, { a: "1" }, ["a"]],
      [LISTENER, { l: "1" }, []],
      [ROUTE, { "9080": "1" }, ["9080"]],
    ]);
    expect(again.requests[0]?.node?.id).toBe(NODE.id);
    expect(engine.names(ROUTE)).toEqual(["9080"]);
    expect(client.status().lastError).toContain("the server is restarted");
  });

  it("keeps trying while nobody listens, ever more slowly", async () => {
    const address = server.address;
    server.close();
    start();
    await untilLater(clock, "the attempt has failed", () => (client?.status().lastError ?? "") !== "");
    server = await startFakeAdsServer(Number(address.split(":")[1]));
    await untilLater(clock, "there is a stream", () => server.deltaStreams[0]);
  });

  it("takes silence for agreement where it has everything already", async () => {
    const client = start();
    await serveOneOfEach(await server.delta(0));
    server.deltaStreams[0]?.fail();
    const again = await untilLater(clock, "there is a second stream", () => server.deltaStreams[1]);
    await until("again has four requests", () => again.requests.length >= 4);
    await untilLater(clock, "the client is connected", () => client.status().connected);
    await clock.advance(60_000);
    expect(server.deltaStreams.length).toBe(2);
  });

  it("gives up a stream on which the server says nothing", async () => {
    const client = start();
    await server.delta(0);
    await clock.advance(5_000);
    expect(client.status().lastError).toBe("no answer within 5000 ms");
    await untilLater(clock, "there is a second stream", () => server.deltaStreams[1]);
  });
});

describe("the state-of-the-world protocol", () => {
  it("acknowledges by version and nonce, and takes absence from clusters and listeners as removal", async () => {
    start("sotw");
    const stream = await server.sotw(0);
    stream.send(world("v1", "n1", staticCluster("a"), staticCluster("b")));
    const ack = await request(stream, ({ responseNonce }) => responseNonce === "n1");
    expect(ack).toMatchObject({ typeUrl: CLUSTER, versionInfo: "v1", resourceNames: [] });
    stream.send(world("v2", "n2", staticCluster("b")));
    await request(stream, ({ responseNonce }) => responseNonce === "n2");
    // b is the same as before, so that the engine need not look at it again.
    expect(engine.log).toEqual(["Cluster +a +b", "Cluster -a"]);
  });

  it("rejects with the version that still serves", async () => {
    engine.refuse = (_name, version) => (version === "v2" ? "bad" : undefined);
    start("sotw");
    const stream = await server.sotw(0);
    stream.send(world("v1", "n1", staticCluster("a")));
    await request(stream, ({ responseNonce }) => responseNonce === "n1");
    stream.send(world("v2", "n2", edsCluster("a")));
    const nack = await request(stream, ({ responseNonce }) => responseNonce === "n2");
    expect(nack.versionInfo).toBe("v1");
    expect(nack.errorDetail?.message).toBe("a: field: bad");
    expect(engine.version(CLUSTER, "a")).toBe("v1");
  });

  it("names the endpoints it wants in every request for them, and does not take absence as removal", async () => {
    start("sotw");
    const stream = await server.sotw(0);
    stream.send(world("v1", "n1", edsCluster("a"), edsCluster("b")));
    const subscription = await request(stream, ({ typeUrl }) => typeUrl === ENDPOINT);
    expect(subscription.resourceNames.toSorted()).toEqual(["a", "b"]);
    stream.send({
      typeUrl: ENDPOINT,
      versionInfo: "v1",
      nonce: "e1",
      resources: [any(ENDPOINT, endpoints("a")), any(ENDPOINT, endpoints("b"))],
    });
    stream.send({ typeUrl: ENDPOINT, versionInfo: "v2", nonce: "e2", resources: [any(ENDPOINT, endpoints("a"))] });
    const ack = await request(stream, ({ responseNonce }) => responseNonce === "e2");
    expect(ack.resourceNames.toSorted()).toEqual(["a", "b"]);
    expect(engine.names(ENDPOINT)).toEqual(["a", "b"]);
  });

  it("ends the stream when a resource cannot be read", async () => {
    const client = start("sotw");
    const stream = await server.sotw(0);
    stream.send(world("v1", "n1", Uint8Array.of(0x0a, 0xff, 0xff)));
    await until("the resource is found unreadable", () => client.status().lastError?.includes("unreadable resource"));
    expect(engine.log).toEqual([]);
  });
});

describe("a proxy that answers questions of DNS", () => {
  /** One entry, which says nothing. */
  const TABLE = Uint8Array.of(0x0a, 0x00);

  beforeEach(() => {
    wantsNames = true;
  });

  it("asks for the name table last, and takes it though it has no name", async () => {
    const client = start();
    const stream = await server.delta(0);
    await until("stream has three requests", () => stream.requests.length === 3);
    expect(stream.requests.map(({ typeUrl }) => typeUrl)).toEqual([CLUSTER, LISTENER, NAME_TABLE]);
    stream.send({ typeUrl: NAME_TABLE, nonce: "n1", resources: [resource(NAME_TABLE, "", "1", TABLE)] });
    const ack = await request(stream, ({ responseNonce }) => responseNonce === "n1");
    expect(ack.errorDetail).toBeUndefined();
    expect(engine.names(NAME_TABLE)).toEqual([""]);
    expect(client.status().types.at(-1)).toMatchObject({ typeUrl: NAME_TABLE, resources: 1 });
  });

  it("does not look for a name in the table where the protocol has none beside it", async () => {
    start("sotw");
    const stream = await server.sotw(0);
    stream.send({ typeUrl: NAME_TABLE, versionInfo: "v1", nonce: "n1", resources: [any(NAME_TABLE, TABLE)] });
    await request(stream, ({ responseNonce }) => responseNonce === "n1");
    expect(engine.names(NAME_TABLE)).toEqual([""]);
  });

  it("has the table from disk while no server answers, unless it does not answer any more", async () => {
    const first = start();
    const stream = await server.delta(0);
    stream.send({ typeUrl: NAME_TABLE, nonce: "n1", resources: [resource(NAME_TABLE, "", "1", TABLE)] });
    await request(stream, ({ responseNonce }) => responseNonce === "n1");
    await first.stop();
    server.close();
    engine = new FakeEngine();
    const second = start();
    await untilLater(clock, "there is a configuration", () => second.hasConfiguration);
    expect(engine.names(NAME_TABLE)).toEqual([""]);
    await second.stop();
    engine = new FakeEngine();
    wantsNames = false;
    const before = loads;
    start();
    await untilLater(clock, "the disk was asked", () => loads > before);
    expect(engine.log).toEqual([]);
  });

  it("asks nobody for names otherwise, and refuses them", async () => {
    wantsNames = false;
    start();
    const stream = await server.delta(0);
    stream.send({ typeUrl: NAME_TABLE, nonce: "n1", resources: [resource(NAME_TABLE, "", "1", TABLE)] });
    const nack = await request(stream, ({ responseNonce }) => responseNonce === "n1");
    expect(nack.errorDetail?.message).toContain("was not asked for");
  });
});

describe("the last known good configuration", () => {
  it("is served, endpoints and routes included, while no server answers", async () => {
    await leaveConfiguration();
    const second = start();
    await untilLater(clock, "there is a configuration", () => second.hasConfiguration);
    expect(engine.log).toEqual(["Cluster +a", "ClusterLoadAssignment +a", "Listener +l", "RouteConfiguration +9080"]);
    expect(second.status().fromLastKnownGood).toBe(true);
  });

  it("is not what a server that returns has to send again", async () => {
    const port = Number(server.address.split(":")[1]);
    await leaveConfiguration();
    const second = start();
    await untilLater(clock, "there is a configuration", () => second.hasConfiguration);
    server = await startFakeAdsServer(port);
    const stream = await untilLater(clock, "there is a stream", () => server.deltaStreams[0]);
    await until("stream has four requests", () => stream.requests.length === 4);
    expect(stream.requests[0]?.initialResourceVersions).toEqual({ a: "1" });
    stream.send(clusters("n1"));
    await until("the server is followed", () => !second.status().fromLastKnownGood);
  });

  it("waits a little for the server, which is often just being started too", async () => {
    await leaveConfiguration();
    const second = start();
    await clock.advance(1_000);
    expect(second.hasConfiguration).toBe(false);
    expect(engine.log).toEqual([]);
  });

  it("is served while there are no credentials to ask a server with, which then sends only the difference", async () => {
    const port = Number(server.address.split(":")[1]);
    await leaveConfiguration();
    const second = create();
    second.awaitCredentials();
    await untilLater(clock, "there is a configuration", () => second.hasConfiguration);
    expect(second.status()).toMatchObject({ connected: false, fromLastKnownGood: true });
    server = await startFakeAdsServer(port);
    second.start(credentials.createInsecure());
    const stream = await server.delta(0);
    await until("stream has four requests", () => stream.requests.length === 4);
    expect(stream.requests[0]?.initialResourceVersions).toEqual({ a: "1" });
  });

  it("is left on disk where credentials come soon", async () => {
    await leaveConfiguration();
    const second = create();
    second.awaitCredentials();
    await clock.advance(1_000);
    server = await startFakeAdsServer();
    second.start(credentials.createInsecure());
    await clock.advance(1_500);
    expect(loads).toBe(0);
  });

  it("is readable by this user only", async () => {
    await leaveConfiguration();
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    chmodSync(path(), 0o644);
    server = await startFakeAdsServer();
    await leaveConfiguration();
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it("is not served when it is damaged", async () => {
    await leaveConfiguration();
    const bytes = readFileSync(path());
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path(), bytes);
    const second = start();
    await untilLater(clock, "the disk was asked", () => loads > 1);
    expect(second.hasConfiguration).toBe(false);
  });

  it("is not served when it is another node's", async () => {
    await leaveConfiguration();
    const second = start("delta", "sidecar~10.0.0.1~other.default~default.svc.cluster.local");
    await untilLater(clock, "the disk was asked", () => loads > 1);
    expect(second.hasConfiguration).toBe(false);
    expect(engine.log).toEqual([]);
  });
});

const path = (): string => join(directory, "last-known-good.xds");

async function leaveConfiguration(): Promise<void> {
  const first = start();
  await serveOneOfEach(await server.delta(0));
  await first.stop();
  server.close();
  engine = new FakeEngine();
}

/** Gives the client a cluster, its endpoints, a listener and its routes. */
async function serveOneOfEach(stream: DeltaStream): Promise<void> {
  stream.send(clusters("n1", cluster("a")));
  await request(stream, ({ typeUrl }) => typeUrl === ENDPOINT);
  stream.send({ typeUrl: ENDPOINT, nonce: "n2", resources: [resource(ENDPOINT, "a", "1", endpoints("a"))] });
  stream.send({ typeUrl: LISTENER, nonce: "n3", resources: [resource(LISTENER, "l", "1", listener("l", ["9080"]))] });
  await request(stream, ({ typeUrl }) => typeUrl === ROUTE);
  stream.send({ typeUrl: ROUTE, nonce: "n4", resources: [resource(ROUTE, "9080", "1", routeConfiguration("9080"))] });
  await request(stream, ({ responseNonce }) => responseNonce === "n4");
}
