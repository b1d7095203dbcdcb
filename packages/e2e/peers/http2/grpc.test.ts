import { send, until } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GRPC_AUTHORITY, GRPC_WORKLOAD, grpcService, startBookinfo, type TestMesh } from "../../src/index.ts";
import { peer } from "../../src/peers.ts";
import { callGrpc, type GrpcAnswer, type GrpcCall } from "./grpc-call.ts";

const CALLER = "productpage";
const HTTP_PROXY_PORT = 15080;

const MESHES = [
  { what: "our proxies at both ends", isEnvoy: () => false },
  { what: "a stock Envoy at the caller and our proxy at the server", isEnvoy: (name: string) => name.startsWith(CALLER) },
  { what: "our proxy at the caller and a stock Envoy at the server", isEnvoy: (name: string) => name.startsWith(GRPC_WORKLOAD) },
  { what: "stock Envoys at both ends", isEnvoy: (name: string) => name.startsWith(CALLER) || name.startsWith(GRPC_WORKLOAD) },
] as const;

describe.each(MESHES)("a call of gRPC over HTTP/2 through $what", ({ isEnvoy }) => {
  let mesh: TestMesh;

  beforeAll(async () => {
    const envoy = { engine: "envoy", envoyPath: peer("envoy") } as const;
    mesh = await startBookinfo({ files: grpcService(), settings: { proxyOf: (name) => (isEnvoy(name) ? envoy : {}) } });
    await until("the caller's proxy knows the service", async () => (await call(mesh, { path: "/fail" })).headers["grpc-status"] === "5");
  });
  afterAll(() => mesh.stop());

  test("carries status, every piece of a body as it comes, and trailers", async () => {
    const { headers, body, trailers } = await call(mesh, { pieces: ["one", "two", "three"] });
    expect(headers).toMatchObject({ ":status": 200, "content-type": "application/grpc", "x-te": "trailers" });
    expect(body).toBe("onetwothree");
    expect(trailers).toMatchObject({ "grpc-status": "0" });
  });

  test("carries trailers of the request", async () => {
    const { trailers } = await call(mesh, { pieces: ["one"], trailers: { "x-sent": "behind the body" } });
    expect(trailers).toMatchObject({ "grpc-status": "0", "x-got": "behind the body" });
  });

  test("carries more than the windows of both ends hold", async () => {
    const piece = "0123456789abcdef".repeat(1 << 16);
    const { body, trailers } = await call(mesh, { pieces: [piece, piece] });
    expect(body === piece + piece).toBe(true);
    expect(trailers).toMatchObject({ "grpc-status": "0" });
  });

  test("carries an answer that is only trailers", async () => {
    const { headers, body } = await call(mesh, { path: "/fail" });
    expect(headers).toMatchObject({ ":status": 200, "grpc-status": "5", "grpc-message": "no such thing" });
    expect(body).toBe("");
  });

  test("goes over mutual TLS", async () => {
    const { headers } = await call(mesh, {});
    expect(headers["x-caller"]).toContain("spiffe://cluster.local/ns/default/sa/bookinfo-productpage");
  });

  test("speaks HTTP/2 between the two proxies, as Envoy counts it", async () => {
    const counters = [
      { name: CALLER, pattern: /^cluster\.outbound\|9080\|\|grpc\.default\.svc\.cluster\.local;?\.upstream_cx_http2_total: ([1-9]\d*)$/m },
      { name: GRPC_WORKLOAD, pattern: /^http\.inbound[^:]*downstream_cx_http2_total: ([1-9]\d*)$/m },
    ];
    for (const { name, pattern } of counters.filter((each) => isEnvoy(each.name))) expect(await stats(mesh, name)).toMatch(pattern);
  });
});

function call(mesh: TestMesh, options: Partial<GrpcCall>): Promise<GrpcAnswer> {
  const [host] = proxyOf(mesh, CALLER).split(":");
  const url = `http://${host}:${HTTP_PROXY_PORT}`;
  return callGrpc({ url, authority: GRPC_AUTHORITY, path: "/echo", pieces: [], trailers: {}, ...options });
}

/** Address of a proxy's admin server. */
function proxyOf(mesh: TestMesh, workload: string): string {
  const found = mesh.mesh.description.proxies.find(({ name }) => name.startsWith(workload));
  if (found === undefined) throw new Error(`there is no proxy of ${workload}`);
  return found.adminAddress;
}

async function stats(mesh: TestMesh, workload: string): Promise<string> {
  const outcome = await send({ url: `http://${proxyOf(mesh, workload)}/stats` });
  if (outcome.kind === "error") throw new Error(outcome.code);
  return outcome.body;
}
