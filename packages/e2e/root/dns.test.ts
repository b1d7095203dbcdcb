import { until } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIGURATION, VIPS } from "./configuration.ts";
import { whyNoNamespaces } from "./namespaces.ts";
import { ADDRESSES, type PodMesh, startPodMesh } from "./pod-mesh.ts";

const reason = whyNoNamespaces();
if (reason !== undefined) process.stderr.write(`skipped: ${reason}\n`);

/** Two services outside on one port, told apart by nothing but the addresses that their clients are told. */
const OUTSIDE = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: store, namespace: default }
spec:
  hosts: [store.example.com]
  resolution: STATIC
  ports: [{ number: 7000, name: tcp, protocol: TCP, targetPort: 8080 }]
  endpoints: [{ address: ${ADDRESSES.outside}, ports: { tcp: 8081 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: archive, namespace: default }
spec:
  hosts: [archive.example.com]
  resolution: STATIC
  ports: [{ number: 7000, name: tcp, protocol: TCP, targetPort: 8080 }]
  endpoints: [{ address: ${ADDRESSES.outside} }]
`;

const AUTO = /^240\.240\.\d+\.\d+$/;

describe.skipIf(reason !== undefined)("a pod whose questions of DNS go to its proxy", () => {
  let mesh: PodMesh;

  beforeAll(async () => {
    mesh = await startPodMesh({ configuration: { ...CONFIGURATION, "outside.yaml": OUTSIDE }, envoys: {}, dnsCapture: true });
  });
  afterAll(() => mesh?.stop());

  const serverOf = async (url: string): Promise<unknown> => {
    const { body, error } = await mesh.fetch("a", url);
    return error ?? JSON.parse(body ?? "").server;
  };

  test("is told an address for a host that has none, and a connection to it goes to that host's service", async () => {
    const [store] = (await mesh.resolve("a", "store.example.com")).addresses ?? [];
    const [archive] = (await mesh.resolve("a", "archive.example.com")).addresses ?? [];
    expect(store).toMatch(AUTO);
    expect(archive).toMatch(AUTO);
    expect(store).not.toBe(archive);
    expect(await serverOf("http://store.example.com:7000/")).toBe("outside-too");
    expect(await serverOf("http://archive.example.com:7000/")).toBe("outside");
  });

  test("finds a service of the mesh by its short name, which no resolver knows", async () => {
    expect(await mesh.resolve("a", "echo")).toEqual({ addresses: [VIPS.echo] });
    expect(await mesh.resolve("a", "echo.default")).toEqual({ addresses: [VIPS.echo] });
    expect(await mesh.resolve("a", "bytes.default.svc.cluster.local")).toEqual({ addresses: [VIPS.bytes] });
    await until("the service answers", async () => (await mesh.fetch("a", "http://echo/")).status === 200);
    expect(await serverOf("http://echo/")).toBe("b");
    const asked = await mesh.askedOutside();
    expect(asked.filter((name) => name.startsWith("echo") || name.includes("example.com"))).toEqual([]);
  });

  test("finds what the mesh does not know by the resolver that it would have asked, and hears its denials", async () => {
    expect(await mesh.resolve("a", "known.outside.test")).toEqual({ addresses: [ADDRESSES.outside] });
    expect(await mesh.resolve("a", "nowhere.outside.test")).toEqual({ code: "ENOTFOUND" });
    expect(await mesh.askedOutside()).toContain("known.outside.test");
    expect(await serverOf("http://known.outside.test:8080/")).toBe("outside");
  });

  test("is answered over TCP as well", async () => {
    expect(await mesh.resolveOverTcp("a", "echo.default.svc.cluster.local")).toEqual({ addresses: [VIPS.echo] });
    expect(await mesh.resolveOverTcp("a", "known.outside.test")).toEqual({ addresses: [ADDRESSES.outside] });
  });

  test("many questions at a time, for the mesh and for others, each get their own answer", async () => {
    const hosts = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? "echo.default.svc.cluster.local." : "known.outside.test."));
    const answers = await Promise.all(hosts.map((host) => mesh.resolve("a", host)));
    expect(answers).toEqual(hosts.map((host) => ({ addresses: [host.startsWith("echo") ? VIPS.echo : ADDRESSES.outside] })));
  });

  test("a new host is answered soon, without a restart", async () => {
    mesh.configure("late.yaml", OUTSIDE.replaceAll(/store|archive/g, "late").split("---")[0] ?? "");
    const late = await until("the new host has an address", async () => (await mesh.resolve("a", "late.example.com")).addresses?.[0]);
    expect(late).toMatch(AUTO);
  });

  test("the proxy shows what it answers", async () => {
    const { body = "" } = await mesh.fetch("a", "http://127.0.0.1:15000/fairlead/config_dump");
    const [table] = JSON.parse(body).config.names.tables;
    expect(table.hosts["echo.default.svc.cluster.local"].addresses).toEqual([VIPS.echo]);
    const stats = await mesh.fetch("a", "http://127.0.0.1:15000/stats/prometheus");
    expect(stats.body).toMatch(/^istio_agent_dns_upstream_requests_total [1-9]/m);
  });

  test("names of the mesh are answered without Pilot, also by a proxy that starts without it", async () => {
    const [before] = (await mesh.resolve("a", "store.example.com")).addresses ?? [];
    await mesh.stopPilot();
    expect(await mesh.resolve("a", "echo")).toEqual({ addresses: [VIPS.echo] });
    await mesh.restartProxy("a");
    expect(await mesh.resolve("a", "echo")).toEqual({ addresses: [VIPS.echo] });
    expect(await mesh.resolve("a", "store.example.com")).toEqual({ addresses: [before] });
    expect(await serverOf("http://store.example.com:7000/")).toBe("outside-too");
  });
});
