import { createProxyAdminClient, findProxy } from "@fairlead/cli";
import { send, until } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";
import { peer } from "../../src/peers.ts";

interface Product {
  readonly details: number;
  readonly version: string;
}

/** One request through the whole mesh, as the application answers it. */
async function product(mesh: TestMesh, headers: Readonly<Record<string, string>> = {}): Promise<Product> {
  const outcome = await send({ url: `${mesh.gatewayUrl}/api/v1/products/0`, headers });
  if (outcome.kind === "error") throw new Error(outcome.code);
  const body = JSON.parse(outcome.body);
  return { details: body.details.status, version: body.reviews.body.version };
}

async function products(mesh: TestMesh, count: number): Promise<readonly Product[]> {
  const answers: Product[] = [];
  for (let turn = 0; turn < count; turn += 1) answers.push(await product(mesh));
  return answers;
}

/** What a stock Envoy says where it does not like what it is served. */
function complaints(mesh: TestMesh): readonly string[] {
  return mesh.lines.filter((line) => /deprecated|\[(warning|error|critical)\]|rejected|NACK/i.test(line));
}

const DENY_PRODUCTPAGE = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny-productpage, namespace: default }
spec:
  selector: { matchLabels: { app: details } }
  action: DENY
  rules: [{ from: [{ source: { principals: [cluster.local/ns/default/sa/bookinfo-productpage] } }] }]
`;

const MESHES = [
  { what: "in the place of every proxy, by delta", xds: "delta", isEnvoy: () => true },
  { what: "in the place of every proxy, by state of the world", xds: "sotw", isEnvoy: () => true },
  {
    what: "as the gateway and beside details, among our own proxies",
    xds: "delta",
    isEnvoy: (name: string) => /gateway|details/.test(name),
  },
  { what: "as every sidecar but the gateway's and reviews'", xds: "sotw", isEnvoy: (name: string) => !/gateway|reviews/.test(name) },
] as const;

describe.each(MESHES)("a stock Envoy $what", ({ xds, isEnvoy }) => {
  let mesh: TestMesh;

  beforeAll(async () => {
    const envoy = { engine: "envoy", envoyPath: peer("envoy"), xds } as const;
    // The shortest lifetime there is: certificates are renewed after half a minute.
    mesh = await startBookinfo({ settings: { workloadCertificateTtlSeconds: 60, proxyOf: (name) => (isEnvoy(name) ? envoy : { xds }) } });
  });
  afterAll(() => mesh.stop());

  test("accepts every resource without a warning", async () => {
    const proxies = await until("every proxy is in sync", async () => {
      const proxies = await mesh.pilot.proxies();
      return proxies.length === 7 && proxies.every((proxy) => proxy.state === "synced") && proxies;
    });
    expect(proxies.flatMap((proxy) => proxy.types.flatMap((type) => type.rejections))).toEqual([]);
    expect(proxies.some((proxy) => proxy.engine.startsWith("envoy"))).toBe(true);
    expect(complaints(mesh)).toEqual([]);
  });

  test("routes by header and by default as our proxy does, over mutual TLS", async () => {
    expect(new Set((await products(mesh, 10)).map(({ version }) => version))).toEqual(new Set(["v1"]));
    expect(await product(mesh, { "end-user": "jason" })).toEqual({ details: 200, version: "v2" });
  });

  test("follows a change of weights", async () => {
    mesh.edit("routing.yaml", (text) => text.replace("weight: 100", "weight: 50").replace("weight: 0", "weight: 50"));
    // Of some requests a part may be sent before the change has come.
    await until("each version answers its share", async () => {
      const some = await products(mesh, 40);
      const ofV3 = some.filter(({ version }) => version === "v3").length;
      return ofV3 > 5 && ofV3 < 35;
    });
    mesh.edit("routing.yaml", (text) => text.replace("weight: 50", "weight: 100").replace("weight: 50", "weight: 0"));
  });

  test("injects a fault", async () => {
    const fault = "- name: details\n      fault: { abort: { httpStatus: 555, percentage: { value: 100 } } }";
    mesh.edit("routing.yaml", (text) => text.replace("- name: details", fault));
    await until("details is aborted", async () => (await product(mesh)).details === 555);
    mesh.edit("routing.yaml", (text) => text.replace(fault, "- name: details"));
    await until("details answers again", async () => (await product(mesh)).details === 200);
  });

  test("denies a caller by its identity", async () => {
    mesh.edit("security.yaml", (text) => text + DENY_PRODUCTPAGE);
    await until("details refuses", async () => (await product(mesh)).details === 403);
    mesh.edit("security.yaml", (text) => text.replace(DENY_PRODUCTPAGE, ""));
    await until("details answers again", async () => (await product(mesh)).details === 200);
  });

  test("goes on with a new certificate when it is told to take one", async () => {
    const before = await detailsSerial(mesh);
    const agent = createProxyAdminClient(findProxy(mesh.mesh.description, "details"));
    const kept = (await agent.certificates()).certificate?.serialNumber;
    await agent.rotateCertificates();
    expect((await agent.certificates()).certificate?.serialNumber).not.toBe(kept);
    await until("Envoy serves it", async () => (await detailsSerial(mesh)) !== before);
    expect(new Set((await products(mesh, 20)).map(({ details }) => details))).toEqual(new Set([200]));
  });

  test("goes on with a new certificate when the old one is half over", async () => {
    const before = await detailsSerial(mesh);
    const answers: Product[] = [];
    await until(
      "another certificate is served",
      async () => {
        answers.push(await product(mesh));
        return (await detailsSerial(mesh)) !== before;
      },
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    answers.push(...(await products(mesh, 20)));
    expect(answers.every(({ details }) => details === 200)).toBe(true);
    expect(complaints(mesh)).toEqual([]);
  });
});

/** Serial number of the certificate that Envoy beside details serves now, as Envoy itself says. */
async function detailsSerial(mesh: TestMesh): Promise<string> {
  const details = mesh.mesh.description.proxies.find(({ name }) => name.startsWith("details"));
  const outcome = await send({ url: `http://${details?.adminAddress}/certs` });
  if (outcome.kind === "error") throw new Error(outcome.code);
  const { certificates } = JSON.parse(outcome.body);
  return certificates
    .flatMap((entry: { cert_chain: { serial_number: string }[] }) => entry.cert_chain)
    .map((leaf: { serial_number: string }) => leaf.serial_number)[0];
}
