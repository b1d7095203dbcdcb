import { create } from "@bufbuild/protobuf";
import { type Node, NodeSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import type { PilotObjects, PilotProblems, PilotProxies, PilotProxyResources } from "@fairlead/api";
import { clientCredentials, peerSpiffeId, serverCredentials } from "@fairlead/identity";
import { createLogger, systemClock } from "@fairlead/kit";
import { createMemorySource, type MemorySource } from "@fairlead/sources";
import { createTestAuthority, until } from "@fairlead/testkit";
import { ChannelCredentials, status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { type Pilot, type PilotIdentity, startPilot } from "./app.ts";
import { TestAdsClient } from "./testing/ads-client.ts";

const TRUST_DOMAIN = "cluster.local";
const MESH = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 9080, name: http, protocol: HTTP }]
  workloadSelector: { labels: { app: reviews } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: reviews-v1, namespace: default }
spec: { address: 127.0.20.1, serviceAccount: reviews, labels: { app: reviews } }
`;
const rule = (timeout: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews.default.svc.cluster.local]
  http: [{ timeout: ${timeout}, route: [{ destination: { host: reviews.default.svc.cluster.local } }] }]
`;

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

function node(workload = "reviews-v1", serviceAccount = "reviews"): Node {
  return create(NodeSchema, {
    id: `sidecar~127.0.20.1~${workload}.default~default.svc.cluster.local`,
    metadata: { SERVICE_ACCOUNT: serviceAccount, INTERCEPTION_MODE: "NONE", HTTP_PROXY_PORT: "15080" },
  });
}

async function start(identity?: PilotIdentity): Promise<{ readonly pilot: Pilot; readonly source: MemorySource }> {
  const source = createMemorySource({ "mesh.yaml": MESH, "rule.yaml": rule("1s") });
  const loopback = "127.0.0.1:0";
  const pilot = await startPilot({
    settings: {
      listenAddress: loopback,
      ...(identity === undefined ? { plaintextListenAddress: loopback } : {}),
      monitoringAddress: loopback,
      trustDomain: TRUST_DOMAIN,
      debounceMs: 5,
      debounceMaxMs: 50,
      outboundTraffic: "allow-any",
    },
    source,
    identity: identity === undefined ? undefined : Promise.resolve(identity),
    clock: systemClock,
    logger: createLogger({ component: "pilot", level: "silent" }),
  });
  open.push(() => pilot.close());
  return { pilot, source };
}

function connect(address: string | undefined, credentials = ChannelCredentials.createInsecure(), from = node()): TestAdsClient {
  const client = new TestAdsClient({ address: address ?? "", credentials, node: from });
  open.push(() => client.close());
  return client;
}

async function get<Answer>(pilot: Pilot, path: string): Promise<Answer> {
  const response = await fetch(`http://${pilot.monitoringAddress}${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

test("a proxy is served its configuration, and an edit reaches it as the one changed resource", async () => {
  const { pilot, source } = await start();
  const client = connect(pilot.plaintextXdsAddress);
  await until("listeners came", () => client.names("listener").length > 0);
  expect(client.names("listener")).toEqual(["127.0.20.1_9080", "http_proxy", "http_proxy_tunnel"]);
  expect(client.names("cluster")).toContain("outbound|9080||reviews.default.svc.cluster.local");
  client.subscribe("route", ["http_proxy"]);
  await until("routes came", () => client.names("route").length > 0);

  client.received.length = 0;
  source.setFile("rule.yaml", rule("2s"));
  await until("the edit came", () => client.received.length > 0);
  expect(client.received).toEqual([["http_proxy"]]);
});

test("an object that becomes invalid stays in service as it was, and is told about", async () => {
  const { pilot, source } = await start();
  const client = connect(pilot.plaintextXdsAddress);
  client.subscribe("route", ["http_proxy"]);
  await until("routes came", () => client.names("route").length > 0);
  const before = client.bytes.get("http_proxy");

  source.setFile("rule.yaml", rule("soon"));
  await until("pilot says so", async () => (await get<PilotProblems>(pilot, "/api/v1/problems")).problems.length > 0);
  const { objects } = await get<PilotObjects>(pilot, "/api/v1/objects");
  expect(objects.find(({ kind }) => kind === "VirtualService")).toMatchObject({
    accepted: false,
    delivered: 1,
    needed: 1,
    problems: [{ severity: "error" }],
  });
  expect(client.bytes.get("http_proxy")).toBe(before);
});

test("the admin API tells who is connected and what each runs", async () => {
  const { pilot } = await start();
  const client = connect(pilot.plaintextXdsAddress);
  await until("clusters came", () => client.names("cluster").length > 0);
  await until("pilot heard the answer", async () => {
    const { proxies } = await get<PilotProxies>(pilot, "/api/v1/proxies");
    return proxies[0]?.types.find(({ type }) => type === "listener")?.state === "synced";
  });
  const { proxies } = await get<PilotProxies>(pilot, "/api/v1/proxies");
  expect(proxies).toMatchObject([{ name: "reviews-v1", namespace: "default", kind: "sidecar", protocol: "delta" }]);
  expect(proxies[0]?.types.find(({ type }) => type === "route")?.state).toBe("not-sent");
  const { resources } = await get<PilotProxyResources>(pilot, "/api/v1/proxies/reviews-v1.default/resources");
  expect(resources.find(({ name }) => name === "http_proxy")?.resource).toMatchObject({ traffic_direction: "OUTBOUND" });
  const metrics = await (await fetch(`http://${pilot.monitoringAddress}/metrics`)).text();
  expect(metrics).toContain('fairlead_pilot_proxies{kind="sidecar"} 1');

  client.close();
  await until("pilot saw it go", async () => (await get<PilotProxies>(pilot, "/api/v1/proxies")).proxies.length === 0);
  const missing = await fetch(`http://${pilot.monitoringAddress}/api/v1/proxies/reviews-v1.default/resources`);
  expect(missing.status).toBe(404);
});

test("over mutual TLS a proxy gets the configuration of the workload its certificate is for, and of no other", async () => {
  const authority = await createTestAuthority();
  const pilotId = { trustDomain: TRUST_DOMAIN, namespace: "fairlead-system", serviceAccount: "pilot" };
  const { pilot } = await start({
    credentials: serverCredentials(await authority.issue(pilotId), { clientCertificate: "required" }),
    peer: peerSpiffeId,
  });
  const reviews = await authority.issue({ trustDomain: TRUST_DOMAIN, namespace: "default", serviceAccount: "reviews" });

  const own = connect(
    pilot.xdsAddress,
    clientCredentials(reviews, (server) => server.serviceAccount === "pilot"),
  );
  await until("clusters came", () => own.names("cluster").length > 0);

  const other = connect(
    pilot.xdsAddress,
    clientCredentials(reviews, () => true),
    node("ratings-v1", "ratings"),
  );
  await until("the other is refused", () => other.error !== undefined);
  expect(other.error?.code).toBe(status.PERMISSION_DENIED);

  const stranger = await createTestAuthority();
  const certificate = await stranger.issue({ trustDomain: TRUST_DOMAIN, namespace: "default", serviceAccount: "reviews" });
  const outsider = connect(
    pilot.xdsAddress,
    clientCredentials(certificate, () => true),
  );
  await until("the stranger is refused", () => outsider.error !== undefined);
  expect(outsider.names("cluster")).toEqual([]);
});

test("a first request without a usable node is refused with the reason", async () => {
  const { pilot } = await start();
  const client = connect(pilot.plaintextXdsAddress, ChannelCredentials.createInsecure(), create(NodeSchema, { id: "nonsense" }));
  await until("it is refused", () => client.error !== undefined);
  expect(client.error?.code).toBe(status.INVALID_ARGUMENT);
  expect(client.error?.details).toContain('got "nonsense"');
});
