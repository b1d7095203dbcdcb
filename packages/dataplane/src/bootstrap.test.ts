import { describe, expect, it } from "vitest";
import { toNodeMessage } from "./ads/node-message.ts";
import { toEnvoyBootstrap } from "./agent/envoy-bootstrap.ts";
import { toEngineBootstrap, toNodeIdentity, toProxyNode } from "./bootstrap.ts";
import { sidecarSettings } from "./testing/settings.ts";

describe("the settings", () => {
  it("fill in what may be left out", () => {
    expect(sidecarSettings()).toMatchObject({ engine: "fairlead", xds: "delta", drainMs: 5_000, pilot: { insecure: false } });
  });

  it("refuse an identity that is not the workload's", () => {
    const identity = {
      citadelAddress: "127.0.0.1:1",
      rootCertificateFile: "a",
      tokenFile: "b",
      namespace: "other",
      serviceAccount: "reviews",
    };
    expect(() => sidecarSettings({ identity })).toThrow("identity: must name the workload's own namespace and serviceAccount");
  });

  it("refuse unknown fields and addresses that are none", () => {
    expect(() => sidecarSettings({ wrokers: 2 })).toThrow("wrokers");
    expect(() => sidecarSettings({ addresses: ["reviews"] })).toThrow("addresses.0: must be an IP address");
  });

  it("refuse names that would break the node id", () => {
    expect(() => sidecarSettings({ name: "a~b" })).toThrow("name: must be a Kubernetes name");
  });
});

describe("the node", () => {
  it("has Istio's id and metadata", () => {
    const node = toNodeIdentity(sidecarSettings());
    expect(node.id).toBe("sidecar~127.0.10.11~reviews-v1.default~default.svc.cluster.local");
    expect(node.metadata).toMatchObject({
      NAMESPACE: "default",
      WORKLOAD_NAME: "reviews-v1",
      SERVICE_ACCOUNT: "reviews",
      LABELS: { app: "reviews", version: "v1" },
      INTERCEPTION_MODE: "NONE",
      HTTP_PROXY_PORT: "15080",
      MESH_ID: "cluster.local",
      FAIRLEAD_APP_ADDRESS: "127.1.10.11",
    });
  });

  it("of a gateway is a router", () => {
    expect(toNodeIdentity(sidecarSettings({ type: "gateway" })).id).toMatch(/^router~/);
  });

  it("leaves out what is not set", () => {
    const { metadata } = toNodeIdentity(sidecarSettings({ appAddress: undefined, httpProxyPort: undefined }));
    expect(metadata).not.toHaveProperty("HTTP_PROXY_PORT");
    expect(metadata).not.toHaveProperty("FAIRLEAD_APP_ADDRESS");
  });
});

const dnsOf = (changes: Readonly<Record<string, unknown>>) => toEngineBootstrap(sidecarSettings(changes)).dns;

describe("questions of DNS", () => {
  it("are not listened for, nor is Pilot told so, unless the settings say it", () => {
    expect(dnsOf({})).toBeUndefined();
    expect(toNodeIdentity(sidecarSettings()).metadata).not.toHaveProperty("DNS_CAPTURE");
  });

  it("are answered at both loopback addresses, as to an application of the namespace", () => {
    expect(dnsOf({ dnsCapture: true })).toEqual({
      addresses: ["127.0.0.1:15053", "[::1]:15053"],
      namespace: "default",
      domain: "svc.cluster.local",
      resolvConf: "/etc/resolv.conf",
    });
    expect(dnsOf({ dnsCapture: true, dnsAddress: "127.0.10.11:53" })?.addresses).toEqual(["127.0.10.11:53"]);
  });

  it("are known to Pilot as Istio's agents say it", () => {
    const { metadata } = toNodeIdentity(sidecarSettings({ dnsCapture: true, dnsAutoAllocate: true }));
    expect(metadata).toMatchObject({ DNS_CAPTURE: "true", DNS_AUTO_ALLOCATE: "true" });
  });

  it("are not for a stock Envoy, and addresses are for nobody whom nobody tells them", () => {
    expect(() => sidecarSettings({ dnsCapture: true, engine: "envoy" })).toThrow('dnsCapture: is for engine "fairlead"');
    expect(() => sidecarSettings({ dnsAutoAllocate: true })).toThrow("dnsAutoAllocate: needs dnsCapture");
  });
});

describe("the place of the proxy", () => {
  it("is told to Pilot, to the engine and to a stock Envoy", () => {
    const settings = sidecarSettings({ locality: "eu/eu-1", localCluster: "outbound|9080||reviews.default.svc.cluster.local" });
    const locality = { region: "eu", zone: "eu-1", subzone: "" };
    expect(toNodeIdentity(settings).locality).toEqual(locality);
    expect(toEngineBootstrap(settings).node).toMatchObject({ locality, localCluster: "outbound|9080||reviews.default.svc.cluster.local" });
    expect(toNodeMessage(toNodeIdentity(settings)).locality).toMatchObject({ region: "eu", zone: "eu-1", subZone: "" });
    expect(toEnvoyBootstrap(settings, "sds.sock")).toMatchObject({
      node: { locality: { region: "eu", zone: "eu-1", sub_zone: "" } },
    });
  });

  it("has at most three parts", () => {
    expect(() => sidecarSettings({ locality: "a/b/c/d" })).toThrow('locality: must be "region/zone/subzone"');
  });
});

describe("the engine's bootstrap", () => {
  it("names the workload as telemetry groups it", () => {
    expect(toEngineBootstrap(sidecarSettings()).node).toEqual({
      workload: "reviews-v1",
      namespace: "default",
      service: "reviews",
      version: "v1",
      principal: "spiffe://cluster.local/ns/default/sa/reviews",
      cluster: "Kubernetes",
      nodeId: "sidecar~127.0.10.11~reviews-v1.default~default.svc.cluster.local",
    });
  });

  it("prefers the canonical labels", () => {
    const labels = {
      app: "a",
      version: "v",
      "service.istio.io/canonical-name": "canonical",
      "service.istio.io/canonical-revision": "blue",
    };
    expect(toEngineBootstrap(sidecarSettings({ labels })).node).toMatchObject({ service: "canonical", version: "blue" });
  });

  it("makes reports only for a mixer", () => {
    expect(toEngineBootstrap(sidecarSettings()).reportIntervalMs).toBe(0);
    expect(toEngineBootstrap(sidecarSettings({ mixer: { address: "127.0.0.1:1" } })).reportIntervalMs).toBe(1_000);
  });

  it("loads filters only where their folder is named, and not beside an Envoy", () => {
    expect(toEngineBootstrap(sidecarSettings()).filterThreads).toBe(0);
    expect(toEngineBootstrap(sidecarSettings({ filterModules: "/etc/filters" })).filterThreads).toBe(1);
    expect(() => sidecarSettings({ filterModules: "/etc/filters", engine: "envoy" })).toThrow("runs no filters in TypeScript");
  });

  it("carries the identity that the admin API shows", () => {
    expect(toProxyNode(sidecarSettings()).principal).toBe("spiffe://cluster.local/ns/default/sa/reviews");
  });
});
