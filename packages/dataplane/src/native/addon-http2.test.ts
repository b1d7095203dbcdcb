import { once } from "node:events";
import { connect, createServer, type Http2Server } from "node:http2";
import { createSelfSigned, freePort } from "@fairlead/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { UpstreamProtocol } from "../config.ts";
import { Proxy } from "../proxy.ts";

/** These run on the engine itself. */

let upstream: Http2Server;
let proxy: Proxy | undefined;

beforeEach(async () => {
  // Of HTTP/2 only: a request in HTTP/1 is an error to it.
  upstream = createServer((request, response) => response.end(`${request.httpVersion} ${request.url}`));
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
});

afterEach(async () => {
  await proxy?.stop();
  upstream.close();
});

/** Starts a proxy to the upstream; answers its URL. */
async function start(protocol: UpstreamProtocol, isTls: boolean): Promise<string> {
  const bound = upstream.address();
  if (bound === null || typeof bound === "string") throw new Error("not bound");
  const { certificatePem, privateKeyPem } = await createSelfSigned();
  const address = `127.0.0.1:${await freePort()}`;
  proxy = await Proxy.start({
    workers: 1,
    config: {
      listeners: [
        {
          kind: "http",
          name: "web",
          address,
          hosts: [{ routes: [{ action: { kind: "forward", to: "upstream" } }] }],
          ...(isTls ? { tls: { certificate: { chainPem: certificatePem, privateKeyPem } } } : {}),
        },
      ],
      clusters: [{ name: "upstream", endpoints: [`127.0.0.1:${bound.port}`], protocol }],
    },
  });
  return `${isTls ? "https" : "http"}://${address}`;
}

/** A request over HTTP/2: what ALPN chose, the status and the body. */
async function get(url: string): Promise<readonly unknown[]> {
  const session = connect(url, { rejectUnauthorized: false });
  try {
    const stream = session.request({ ":path": "/a" });
    let body = "";
    stream.setEncoding("utf8").on("data", (text: string) => (body += text));
    const [[headers]] = await Promise.all([once(stream, "response"), once(stream, "end")]);
    return [session.alpnProtocol, headers[":status"], body];
  } finally {
    session.destroy();
  }
}

it("speaks HTTP/2 on both sides, over TLS by ALPN", async () => {
  expect(await get(await start("http2", true))).toEqual(["h2", 200, "2.0 /a"]);
});

it("speaks HTTP/2 on both sides by prior knowledge", async () => {
  expect(await get(await start("http2", false))).toEqual(["h2c", 200, "2.0 /a"]);
});

it("brings requests of HTTP/1 to an upstream of HTTP/2", async () => {
  const response = await fetch(`${await start("http2", false)}/a`);
  expect([response.status, await response.text()]).toEqual([200, "2.0 /a"]);
});

it("speaks HTTP/1 to an upstream where nothing says what it speaks", async () => {
  expect((await get(await start("auto", true)))[1]).toBe(502);
});
