import { createMemorySource } from "@fairlead/sources";
import { expect, test } from "vitest";
import { buildProxy } from "./ir/from-model/build-proxy.ts";
import type { ProxyIr } from "./ir/proxy-ir.ts";
import { createSnapshotBuilder } from "./model/from-config/snapshot.ts";
import type { MeshSnapshot } from "./model/mesh-snapshot.ts";
import { proxyOfWorkload } from "./offline.ts";
import { allResources, encodedResources, toXdsSnapshot } from "./xds/xds-snapshot.ts";

const SERVICES = 20;
const host = (index: number): string => `s${index}.default.svc.cluster.local`;

function service(index: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: s${index}, namespace: default }
spec:
  hosts: [${host(index)}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${8000 + (index % 2)}, name: http, protocol: HTTP }]
  workloadSelector: { labels: { app: s${index} } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: s${index}-1, namespace: default }
spec: { address: 10.0.0.${index + 1}, serviceAccount: s${index}, labels: { app: s${index} } }
`;
}

function rule(index: number, timeout: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: s${index}, namespace: default }
spec:
  hosts: [${host(index)}]
  http: [{ timeout: ${timeout}, route: [{ destination: { host: ${host(index)} } }] }]
`;
}

function setUp() {
  const files = Object.fromEntries(Array.from({ length: SERVICES }, (_, index) => [`s${index}.yaml`, service(index)]));
  const rules = Object.fromEntries(Array.from({ length: SERVICES }, (_, index) => [`r${index}.yaml`, rule(index, "1s")]));
  const source = createMemorySource({ ...files, ...rules });
  const builder = createSnapshotBuilder();
  return { source, snapshot: () => builder.build(source.objects) };
}

function build(workload: string, snapshot: MeshSnapshot): ProxyIr {
  const found = snapshot.workloads.get(workload);
  if (found === undefined) throw new Error(`no workload ${workload}`);
  const proxy = proxyOfWorkload(snapshot, found);
  return buildProxy(snapshot, { ...proxy, interception: "redirect", httpProxyPort: undefined }, { outboundTraffic: "allow-any" });
}

/** Names of everything in `after` that is not the very object of `before`. */
function rebuilt(before: ProxyIr, after: ProxyIr): readonly string[] {
  const known = new Set<object>([...before.clusters, ...before.endpoints, ...before.listeners, ...before.routes]);
  return [
    ...after.clusters.filter((item) => !known.has(item)).map(({ name }) => `cluster ${name}`),
    ...after.endpoints.filter((item) => !known.has(item)).map(({ clusterName }) => `endpoint ${clusterName}`),
    ...after.listeners.filter((item) => !known.has(item)).map(({ name }) => `listener ${name}`),
    ...after.routes.filter((item) => !known.has(item)).map(({ name }) => `route ${name}`),
  ];
}

test("editing one VirtualService builds and encodes its route table anew, and within it only the one virtual host", () => {
  const { source, snapshot } = setUp();
  const before = build("default/s0-1", snapshot());
  for (const resource of allResources(toXdsSnapshot(before))) expect(resource.version).not.toBe("");
  const encodedBefore = encodedResources();

  source.setFile("r4.yaml", rule(4, "2s"));
  const after = build("default/s0-1", snapshot());
  for (const resource of allResources(toXdsSnapshot(after))) expect(resource.version).not.toBe("");

  expect(rebuilt(before, after)).toEqual(["route 8000"]);
  expect(encodedResources() - encodedBefore).toBe(1);
  const hosts = new Set(before.routes.flatMap((table) => table.virtualHosts));
  const fresh = after.routes.flatMap((table) => table.virtualHosts).filter((virtualHost) => !hosts.has(virtualHost));
  expect(fresh.map((virtualHost) => virtualHost.name)).toEqual([`${host(4)}:8000`]);
});

test("a new endpoint changes the endpoints of its service and nothing else that other proxies run", () => {
  const { source, snapshot } = setUp();
  const before = build("default/s0-1", snapshot());
  source.setFile(
    "more.yaml",
    `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: s7-2, namespace: default }
spec: { address: 10.0.1.1, serviceAccount: s7, labels: { app: s7 } }
`,
  );
  expect(rebuilt(before, build("default/s0-1", snapshot()))).toEqual([`endpoint outbound|8001||${host(7)}`]);
});

test("proxies of one namespace that no selector tells apart share what is built and encoded for them", () => {
  const { snapshot } = setUp();
  const now = snapshot();
  const [first, second] = [build("default/s0-1", now), build("default/s1-1", now)];
  expect(second.routes).toBe(first.routes);
  expect(rebuilt(first, second)).toEqual(["cluster inbound|8001||", "listener virtualInbound"]);
});

test("taking a change back gives the same content, hence the same versions", () => {
  const { source, snapshot } = setUp();
  const versions = (): readonly string[] =>
    allResources(toXdsSnapshot(build("default/s0-1", snapshot()))).map(({ name, version }) => `${name} ${version}`);
  const before = versions();
  source.setFile("r4.yaml", rule(4, "2s"));
  expect(versions()).not.toEqual(before);
  source.setFile("r4.yaml", rule(4, "1s"));
  expect(versions()).toEqual(before);
});
