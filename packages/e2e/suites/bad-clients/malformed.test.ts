import { connect } from "node:net";
import { systemClock } from "@fairlead/kit";
import { send } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo();
});
afterAll(() => mesh.stop());

/** Writes bytes on a fresh connection and answers all that comes back until it is closed, at most so long. */
function speak(bytes: string | Buffer, timeoutMs = 5_000): Promise<{ readonly answer: string; readonly isClosed: boolean }> {
  const { hostname, port } = new URL(mesh.gatewayUrl);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve({ answer, isClosed: true }));
    const cancel = systemClock.after(timeoutMs, () => {
      socket.removeAllListeners("close");
      socket.destroy();
      resolve({ answer, isClosed: false });
    });
    socket.on("close", cancel);
    socket.write(bytes);
  });
}

const HOST = "Host: x\r\n";

test.each([
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 garbage garbage\r\n\r\n"],
  ["a method with a blank line in it", "GE T / HTTP/1.1\r\n\r\n"],
  ["a version there is not", `GET / HTTP/9.9\r\n${HOST}\r\n`],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
  ["two hosts", `GET / HTTP/1.1\r\n${HOST}Host: y\r\n\r\n`],
  ["a header without colon", `GET / HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`],
  ["a blank before the colon", `GET / HTTP/1.1\r\n${HOST}x-a : 1\r\n\r\n`],
  ["a folded header", `GET / HTTP/1.1\r\n${HOST}x-a: 1\r\n  2\r\n\r\n`],
  ["a NUL in a header", `GET / HTTP/1.1\r\n${HOST}x-a: a\0b\r\n\r\n`],
  ["two different lengths", `POST /productpage HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`],
  ["a negative length", `POST /productpage HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`],
  [
    "a length and chunks (request smuggling)",
    `POST /productpage HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["an unknown transfer coding", `POST /productpage HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`],
  ["a chunk size that is no number", `POST /productpage HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`],
  ["headers beyond every limit", `GET / HTTP/1.1\r\n${HOST}x-big: ${"a".repeat(200_000)}\r\n\r\n`],
  ["a path beyond every limit", `GET /${"a".repeat(200_000)} HTTP/1.1\r\n${HOST}\r\n`],
])("%s is refused and the connection closed", async (_what, bytes) => {
  const { answer, isClosed } = await speak(Buffer.from(bytes, "latin1"));
  expect(isClosed).toBe(true);
  expect(answer.slice(0, 100)).toMatch(/^$|^HTTP\/1\.1 (4\d\d|501|505) /);
});

test("after all of that the gateway is the same process and serves", async () => {
  const child = mesh.mesh.child("ingressgateway-proxy");
  expect(child.crashes).toBe(0);
  expect(await send({ url: `${mesh.gatewayUrl}/api/v1/products/0` })).toMatchObject({ kind: "response", status: 200 });
});
