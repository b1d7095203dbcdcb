import { connect, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { findProxy } from "@fairlead/cli";
import { send, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo({ settings: { limits: { requestHeadersTimeoutMs: HEAD_TIMEOUT_MS } } });
});
afterAll(() => mesh.stop());

const SILENT = 500;
const HEAD_TIMEOUT_MS = 3_000;

function open(text: string): Promise<Socket> {
  const { hostname, port } = new URL(mesh.gatewayUrl);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(text, () => resolve(socket));
    });
  });
}

/** Resident memory of the gateway's process, kilobytes. */
function residentKb(): number {
  const { pid } = mesh.mesh.child("ingressgateway-proxy");
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

test("hundreds of clients that say nothing, or half a request, keep nobody waiting and cost little memory", async () => {
  const before = residentKb();
  const sockets = await Promise.all(
    Array.from({ length: SILENT }, (_, index) => open(index % 2 === 0 ? "" : "GET / HTTP/1.1\r\nHost: x\r\nx-half: ")),
  );
  const answers = await Promise.all(Array.from({ length: 50 }, () => send({ url: `${mesh.gatewayUrl}/api/v1/products/0` })));
  for (const answer of answers) expect(answer).toMatchObject({ kind: "response", status: 200 });
  // Generous: what Node itself does meanwhile counts too.
  expect((residentKb() - before) / SILENT).toBeLessThan(64);
  for (const socket of sockets) socket.destroy();
});

test("a client of the gateway that sends half a head is answered 408 when its time is over", async () => {
  const socket = await open("GET / HTTP/1.1\r\nHost: x\r\nx-half: ");
  let text = "";
  let isClosed = false;
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).once("close", () => (isClosed = true));
  await until("the gateway ends the connection", () => isClosed, { timeoutMs: 4 * HEAD_TIMEOUT_MS });
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  const { adminAddress } = findProxy(mesh.mesh.description, "ingressgateway");
  const metrics = await send({ url: `http://${adminAddress}/stats/prometheus` });
  expect(metrics).toMatchObject({ body: expect.stringMatching(/^fairlead_proxy_downstream_timeouts_total [1-9]/m) });
});

test("a client that reads nothing of a large answer does not make the proxy hold all of it", async () => {
  const before = residentKb();
  const { hostname, port } = new URL(mesh.gatewayUrl);
  const sockets = await Promise.all(
    Array.from(
      { length: 20 },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect({ host: hostname, port: Number(port) }, () => {
            socket.pause();
            socket.write("GET /productpage HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200), () => resolve(socket));
          });
          socket.on("error", () => undefined);
        }),
    ),
  );
  expect(await send({ url: `${mesh.gatewayUrl}/api/v1/products/0` })).toMatchObject({ kind: "response", status: 200 });
  expect((residentKb() - before) / 1024).toBeLessThan(64);
  for (const socket of sockets) socket.destroy();
  await until(
    "the gateway serves as before",
    async () => (await send({ url: `${mesh.gatewayUrl}/api/v1/products/0` })).kind === "response",
  );
});
