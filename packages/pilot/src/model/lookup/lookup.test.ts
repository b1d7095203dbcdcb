import { createMemorySource } from "@fairlead/sources";
import { describe, expect, it } from "vitest";
import { buildSnapshot } from "../from-config/snapshot.ts";
import { hostCovers, mostSpecific } from "../hostname.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import { accessPoliciesAt, peerTlsAt } from "./access-policy.ts";
import { gatewaysOf, serverHosts } from "./gateway.ts";
import { findMeshRule } from "./routing-rule.ts";
import { findService, serviceInstances, visibleServices } from "./service.ts";
import { findTrafficPolicy } from "./traffic-policy.ts";

/** A snapshot of objects written as `Kind namespace/name {spec}`, one a line. */
function snapshotOf(lines: readonly string[]): MeshSnapshot {
  const documents = lines.map((line) => {
    const [, kind = "", namespace = "", name = "", spec = "{}"] = /^(\w+) ([\w-]+)\/([\w-]+) (.*)$/.exec(line) ?? [];
    const group = kind.endsWith("Authentication") || kind === "AuthorizationPolicy" ? "security" : "networking";
    return `apiVersion: ${group}.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n`;
  });
  const source = createMemorySource({ "a.yaml": documents.join("---\n") });
  expect(source.problems).toEqual([]);
  return buildSnapshot(source.objects);
}

function destinationRule(id: string, spec: string): string {
  return `DestinationRule ${id} {${spec}}`;
}

function virtualService(id: string, spec: string): string {
  return `VirtualService ${id} {${spec}, http: [{directResponse: {status: 200}}]}`;
}

describe("host names", () => {
  it.each([
    ["*", "a.b", true],
    ["*.b", "a.b", true],
    ["*.b", "x.a.b", true],
    ["*.b", "b", false],
    ["*.b", "*.a.b", true],
    ["*.a.b", "*.b", false],
    ["a.b", "a.b", true],
    ["a.b", "x.a.b", false],
  ])("%s covers %s: %s", (outer, inner, expected) => expect(hostCovers(outer, inner)).toBe(expected));

  it("prefer the exact one, then the longest wildcard", () => {
    expect(mostSpecific(["*", "*.b", "*.a.b", "x.a.b"], "x.a.b", String)).toBe("x.a.b");
    expect(mostSpecific(["*", "*.b", "*.a.b"], "x.a.b", String)).toBe("*.a.b");
    expect(mostSpecific(["*.c"], "x.a.b", String)).toBeUndefined();
  });
});

describe("services", () => {
  const snapshot = snapshotOf([
    "ServiceEntry shop/all {hosts: [all.example.com], resolution: NONE}",
    "ServiceEntry shop/own {hosts: [own.example.com], resolution: NONE, exportTo: ['.']}",
    "ServiceEntry shop/wild {hosts: ['*.example.com'], resolution: NONE}",
    "ServiceEntry bank/all {hosts: [all.example.com], resolution: DNS, ports: [{number: 80, name: http}]}",
  ]);

  it("are seen where they are exported, one for each host and one's own first", () => {
    const keys = (namespace: string): readonly string[] => visibleServices(snapshot, namespace).map(({ key }) => key);
    expect(keys("shop")).toEqual(["shop/all.example.com", "shop/own.example.com", "shop/*.example.com"]);
    expect(keys("bank")).toEqual(["bank/all.example.com", "shop/*.example.com"]);
    expect(visibleServices(snapshot, "bank")).toBe(visibleServices(snapshot, "bank"));
  });

  it("are found by full name, else by wildcard", () => {
    expect(findService(snapshot, "own.example.com", "shop")?.key).toBe("shop/own.example.com");
    expect(findService(snapshot, "own.example.com", "bank")?.key).toBe("shop/*.example.com");
    expect(findService(snapshot, "example.com", "shop")).toBeUndefined();
  });

  it("know which ports a workload answers for", () => {
    const mesh = snapshotOf([
      "ServiceEntry shop/a {hosts: [a.b], resolution: STATIC, ports: [{number: 80, name: http, targetPort: 8080}], workloadSelector: {labels: {app: a}}}",
      "ServiceEntry shop/c {hosts: [c.b], resolution: STATIC, ports: [{number: 81, name: http}], workloadSelector: {labels: {}}}",
      "WorkloadEntry shop/a1 {address: 10.0.0.1, labels: {app: a}}",
      "WorkloadEntry shop/b1 {address: 10.0.0.2}",
    ]);
    const answers = (key: string) =>
      serviceInstances(mesh, mesh.workloads.get(key) ?? expect.fail(key)).map(
        ({ service, endpoint }) => `${service.hostname}:${endpoint.port}`,
      );
    expect(answers("shop/a1")).toEqual(["a.b:8080", "c.b:81"]);
    expect(answers("shop/b1")).toEqual(["c.b:81"]);
  });
});

describe("the traffic policy for a service", () => {
  const service = { hostname: "a.shop.svc.cluster.local", namespace: "shop" };
  const found = (lines: readonly string[], namespace: string, labels = {}): string | undefined =>
    findTrafficPolicy(snapshotOf(lines), service, { namespace, labels })?.origin.name;
  const inShop = destinationRule("shop/shop", "host: a");
  const inBank = destinationRule("bank/bank", "host: a.shop.svc.cluster.local");
  const inRoot = destinationRule("istio-system/root", "host: '*.local'");

  it("is the client's, else the service's, else the root namespace's", () => {
    expect(found([inRoot, inShop, inBank], "bank")).toBe("bank");
    expect(found([inRoot, inShop, inBank], "shop")).toBe("shop");
    expect(found([inRoot, inShop, inBank], "other")).toBe("shop");
    expect(found([inRoot, inBank], "other")).toBe("root");
    expect(found([inBank], "other")).toBeUndefined();
  });

  it("of the root namespace does not beat the service's own for clients in the root namespace, unless it is private", () => {
    expect(found([inRoot, inShop], "istio-system")).toBe("shop");
    expect(found([destinationRule("istio-system/private", "host: '*.local', exportTo: ['.']"), inShop], "istio-system")).toBe("private");
  });

  it("is not seen by others when it is not exported", () => {
    expect(found([destinationRule("shop/shop", "host: a, exportTo: ['.']")], "other")).toBeUndefined();
    expect(found([destinationRule("shop/shop", "host: a, exportTo: ['.']")], "shop")).toBe("shop");
  });

  it("is the most specific of one namespace, and one for the client's labels before all", () => {
    expect(found([destinationRule("shop/wide", "host: '*.shop.svc.cluster.local'"), inShop], "shop")).toBe("shop");
    const selected = destinationRule("shop/selected", "host: '*.local', workloadSelector: {matchLabels: {app: x}}");
    expect(found([inShop, selected], "shop", { app: "x" })).toBe("selected");
    expect(found([inShop, selected], "shop", { app: "y" })).toBe("shop");
    expect(found([selected], "other", { app: "x" })).toBeUndefined();
  });
});

describe("the rule that sidecars follow for a host", () => {
  const snapshot = snapshotOf([
    virtualService("shop/wild", "hosts: ['*.example.com']"),
    virtualService("shop/all", "hosts: [a.example.com], exportTo: ['*']"),
    virtualService("bank/own", "hosts: [a.example.com], exportTo: ['.']"),
    virtualService("shop/named", "hosts: [a.example.com], exportTo: [club]"),
    virtualService("shop/edge", "hosts: [b.example.com], gateways: [g]"),
  ].concat("Gateway shop/g {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}")); // prettier-ignore
  it.each([
    ["a.example.com", "bank", "bank/own"],
    ["a.example.com", "club", "shop/named"],
    ["a.example.com", "other", "shop/all"],
    ["c.example.com", "other", "shop/wild"],
    ["b.example.com", "shop", "shop/wild"],
    ["example.com", "shop", undefined],
  ])("%s in %s is %s", (host, namespace, key) => expect(findMeshRule(snapshot, host, namespace)?.key).toBe(key));
});

describe("a gateway's server", () => {
  it("serves the hosts that it and the rules bound to it have in common", () => {
    const snapshot = snapshotOf([
      "Gateway edge/g {selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.example.com', 'shop/only.shop']}]}",
      "Gateway edge/other {selector: {app: none}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
      virtualService("shop/one", "hosts: [a.example.com, elsewhere.org], gateways: [edge/g]"),
      virtualService("bank/two", "hosts: [a.example.com], gateways: [edge/g]"),
      virtualService("bank/three", "hosts: [only.shop], gateways: [edge/g]"),
      virtualService("shop/four", "hosts: ['*'], gateways: [edge/g]"),
      virtualService("shop/hidden", "hosts: [h.example.com], exportTo: ['.'], gateways: [edge/g]"),
    ]);
    const [gateway] = gatewaysOf(snapshot, { app: "edge" });
    if (gateway?.servers[0] === undefined) throw new Error("no server");
    expect(gateway.key).toBe("edge/g");
    expect(serverHosts(snapshot, gateway, gateway.servers[0]).map(({ host, rules }) => [host, rules.map(({ name }) => name)])).toEqual([
      ["a.example.com", ["one", "two"]],
      ["*.example.com", ["four"]],
      ["only.shop", ["four"]],
    ]);
  });
});

describe("policies at a workload", () => {
  const at = { namespace: "shop", labels: { app: "a" } };

  const modeAt = (lines: readonly string[], port: number): string => peerTlsAt(snapshotOf(lines), at, port).mode;

  it("are those of its namespace and of the root namespace that select it", () => {
    const snapshot = snapshotOf([
      "AuthorizationPolicy istio-system/mesh {rules: [{}]}",
      "AuthorizationPolicy shop/all {rules: [{}]}",
      "AuthorizationPolicy shop/a {selector: {matchLabels: {app: a}}, rules: [{}]}",
      "AuthorizationPolicy shop/b {selector: {matchLabels: {app: b}}, rules: [{}]}",
      "AuthorizationPolicy bank/all {rules: [{}]}",
    ]);
    expect(accessPoliciesAt(snapshot, at).map(({ name }) => name)).toEqual(["mesh", "all", "a"]);
  });

  it("say for mutual TLS: port, then workload, then namespace, then mesh, then permissive", () => {
    const mesh = "PeerAuthentication istio-system/mesh {mtls: {mode: STRICT}}";
    const own = "PeerAuthentication shop/all {mtls: {mode: DISABLE}}";
    const unset = "PeerAuthentication shop/unset {mtls: {mode: UNSET}}";
    const workload =
      "PeerAuthentication shop/a {selector: {matchLabels: {app: a}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {8080: {mode: STRICT}}}";
    expect(modeAt([], 80)).toBe("permissive");
    expect(modeAt([mesh], 80)).toBe("strict");
    expect(modeAt([mesh, own], 80)).toBe("disable");
    expect(modeAt([mesh, unset], 80)).toBe("strict");
    expect(modeAt([mesh, own, workload], 80)).toBe("permissive");
    expect(modeAt([mesh, own, workload], 8080)).toBe("strict");
  });
});
