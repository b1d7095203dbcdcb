import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { NodeSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { expect, test } from "vitest";
import { parseProxyIdentity } from "./proxy-identity.ts";
import { authorizePeer } from "./stream/peer-auth.ts";

function identify(init: MessageInitShape<typeof NodeSchema>) {
  return parseProxyIdentity(create(NodeSchema, init));
}

test("a node says by its id and metadata who it is", () => {
  const node = identify({
    id: "sidecar~127.0.10.11~reviews-v1.default~default.svc.cluster.local",
    userAgentName: "envoy",
    userAgentVersionType: { case: "userAgentVersion", value: "1.40.0" },
    metadata: {
      SERVICE_ACCOUNT: "reviews",
      LABELS: { app: "reviews", count: 3 },
      INTERCEPTION_MODE: "NONE",
      HTTP_PROXY_PORT: "15080",
      FAIRLEAD_APP_ADDRESS: "127.1.10.11",
    },
  });
  expect(node).toEqual({
    ok: true,
    value: {
      id: "sidecar~127.0.10.11~reviews-v1.default~default.svc.cluster.local",
      kind: "sidecar",
      address: "127.0.10.11",
      name: "reviews-v1",
      namespace: "default",
      serviceAccount: "reviews",
      labels: { app: "reviews" },
      interception: "none",
      httpProxyPort: 15_080,
      appAddress: "127.1.10.11",
      autoAddresses: undefined,
      adminAddress: "",
      engine: "envoy 1.40.0",
    },
  });
});

test("a node without metadata is a sidecar of its id's namespace that traffic is redirected to", () => {
  const node = identify({ id: "router~10.0.0.1~edge.ingress~ingress.svc.cluster.local" });
  expect(node).toMatchObject({
    ok: true,
    value: { kind: "gateway", name: "edge", namespace: "ingress", interception: "redirect", httpProxyPort: undefined },
  });
});

test.for(["", "nonsense", "sidecar~10.0.0.1", "ztunnel~1~a.b~c"])('the node id "%s" is refused', (id) => {
  expect(identify({ id })).toMatchObject({ ok: false });
});

test("a node without a namespace anywhere is refused", () => {
  expect(identify({ id: "sidecar~10.0.0.1~alone~x" })).toMatchObject({ ok: false });
});

test("a certificate of another workload does not open a workload's configuration", () => {
  const node = identify({ id: "sidecar~10.0.0.1~a.default~x", metadata: { SERVICE_ACCOUNT: "a" } });
  if (!node.ok) throw new Error(node.error);
  const peer = (namespace: string, serviceAccount: string, trustDomain = "cluster.local") =>
    authorizePeer({ trustDomain, namespace, serviceAccount }, node.value, "cluster.local").ok;
  expect(peer("default", "a")).toBe(true);
  expect(peer("default", "b")).toBe(false);
  expect(peer("other", "a")).toBe(false);
  expect(peer("default", "a", "elsewhere.test")).toBe(false);
});

/** Whose addresses a node tells its application. */
function told(ip: string, metadata: Record<string, string | boolean>): string | undefined {
  const node = identify({ id: `sidecar~${ip}~a.default~default.svc.cluster.local`, metadata });
  return node.ok ? node.value.autoAddresses : "unreadable";
}

test("addresses are told to those only whose proxy answers their questions, in their own family", () => {
  const both = { DNS_CAPTURE: "true", DNS_AUTO_ALLOCATE: "true" };
  expect(told("10.0.0.1", both)).toBe("ipv4");
  expect(told("fd00::1", both)).toBe("ipv6");
  expect(told("10.0.0.1", { ...both, DNS_CAPTURE: "false" })).toBeUndefined();
  expect(told("10.0.0.1", { DNS_CAPTURE: true })).toBeUndefined();
});
