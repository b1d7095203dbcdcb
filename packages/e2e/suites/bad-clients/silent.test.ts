import { connect, type Socket } from "node:net";
import { type HttpListenerConfig, Proxy, type ProxyConfig, type ProxyLimits, type TcpListenerConfig } from "@fairlead/dataplane";
import { sleep, systemClock } from "@fairlead/kit";
import { createSelfSigned, type EchoServer, freePort, send, startEchoServer, until } from "@fairlead/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

/** Far above the limits below, far below the test's own limit: a client that is still connected then is connected for ever. */
const FOR_EVER_MS = 8_000;
const LIMITS: ProxyLimits = { requestHeadersTimeoutMs: 300, idleTimeoutMs: 400, transportTimeoutMs: 500 };
const STREAM_IDLE_MS = 400;
/** More than the buffers of two sockets and a proxy take. */
const LARGE_BODY = "x".repeat(12 << 20);
/** What a TLS client begins with: a handshake record that promises 512 bytes (RFC 8446 §5.1), and the first of them. */
const HALF_HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

let upstream: EchoServer;
let proxy: Proxy;
let ports: Readonly<Record<"web" | "secure" | "bytes" | "own", number>>;

beforeAll(async () => {
  upstream = await startEchoServer();
  ports = { web: await freePort(), secure: await freePort(), bytes: await freePort(), own: await freePort() };
});
afterAll(async () => {
  await proxy.stop();
  await upstream.close();
});
beforeEach(async () => {
  await proxy?.stop();
  proxy = await Proxy.start({ config: await toConfig(), limits: LIMITS, workers: 1 });
});

async function toConfig(): Promise<ProxyConfig> {
  const { certificatePem, privateKeyPem } = await createSelfSigned();
  const web: HttpListenerConfig = {
    kind: "http",
    name: "web",
    address: `127.0.0.1:${ports.web}`,
    streamIdleTimeoutMs: STREAM_IDLE_MS,
    hosts: [
      {
        routes: [
          { match: { path: { exact: "/here" } }, action: { kind: "respond", status: 200, body: "here" } },
          { match: { path: { exact: "/large" } }, action: { kind: "respond", status: 200, body: LARGE_BODY } },
          { action: { kind: "forward", to: "echo", timeoutMs: 0 } },
        ],
      },
    ],
  };
  const secure: HttpListenerConfig = {
    ...web,
    name: "secure",
    address: `127.0.0.1:${ports.secure}`,
    tls: { certificate: { chainPem: certificatePem, privateKeyPem } },
  };
  const bytes: TcpListenerConfig = { kind: "tcp", name: "bytes", address: `127.0.0.1:${ports.bytes}`, to: "echo", idleTimeoutMs: 400 };
  /** What a listener says goes before what the proxy's limits say. */
  const own: HttpListenerConfig = {
    ...web,
    name: "own",
    address: `127.0.0.1:${ports.own}`,
    requestHeadersTimeoutMs: 1_500,
    idleTimeoutMs: 1_600,
  };
  return { listeners: [web, secure, bytes, own], clusters: [{ name: "echo", endpoints: [upstream.address] }] };
}

interface Client {
  readonly socket: Socket;
  /** Settled once the proxy has ended the connection: what came before, and when. */
  readonly ended: Promise<{ readonly text: string; readonly afterMs: number }>;
}

/** A client that says `bytes` and then nothing; it reads unless told not to. */
function say(port: number, bytes: string | Buffer, options: { readonly reads?: boolean } = {}): Client {
  const startedMs = systemClock.monotonic();
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  const ended = new Promise<{ readonly text: string; readonly afterMs: number }>((resolve) => {
    socket.on("error", () => undefined);
    socket.once("close", () => resolve({ text, afterMs: systemClock.monotonic() - startedMs }));
  });
  if (options.reads ?? true) socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.write(bytes);
  return { socket, ended };
}

function withinReason<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  let value: { readonly is: Value } | undefined;
  promise.then(
    (is) => (value = { is }),
    () => undefined,
  );
  return until(what, () => value, { timeoutMs: FOR_EVER_MS }).then(({ is }) => is);
}

const disconnected = (client: Client) => withinReason("the proxy ends the connection", client.ended);

/** A counter or gauge of the proxy, summed over its labels. */
async function count(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const samples = await proxy.stats();
  return samples
    .filter((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, sample) => sum + sample.value, 0);
}

const counted = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  until(`${name} ${JSON.stringify(labels)} is counted once`, async () => (await count(name, labels)) === 1, { timeoutMs: FOR_EVER_MS });

describe("a client that says nothing", () => {
  test("is disconnected from an HTTP port", async () => {
    expect((await disconnected(say(ports.web, ""))).text).toBe("");
    await counted("fairlead_proxy_downstream_connections_closed_total");
  });

  test("is disconnected from an HTTPS port, as a handshake that failed", async () => {
    await disconnected(say(ports.secure, ""));
    await counted("fairlead_proxy_downstream_tls_failures_total");
  });

  test("is disconnected from a TCP port, as a stream that was idle", async () => {
    await disconnected(say(ports.bytes, ""));
    await counted("istio_tcp_connections_closed_total", { response_flags: "SI" });
  });

  test("is disconnected between two requests", async () => {
    const { text } = await disconnected(say(ports.web, "GET /here HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*here$/);
  });
});

describe("a client that stops in the middle", () => {
  test("of a request's head is answered 408 and counted as too slow", async () => {
    const { text } = await disconnected(say(ports.web, "GET / HTTP/1.1\r\nHost: x\r\nx-half: "));
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    await counted("fairlead_proxy_downstream_timeouts_total");
  });

  test("of a request's head that comes byte by byte has no more time than others", async () => {
    const client = say(ports.web, "GET / HTTP/1.1\r\n");
    while (!client.socket.closed) {
      client.socket.write("x");
      await sleep(systemClock, 50);
    }
    const { afterMs } = await client.ended;
    expect(afterMs).toBeLessThan(FOR_EVER_MS);
    await counted("fairlead_proxy_downstream_timeouts_total");
  });

  test("of a TLS handshake fails it", async () => {
    await disconnected(say(ports.secure, HALF_HELLO));
    await counted("fairlead_proxy_downstream_tls_failures_total");
  });

  test("of a body with a length is answered 408 as a stream that was idle", async () => {
    const { text } = await disconnected(say(ports.web, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"));
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    await counted("istio_requests_total", { response_code: "408", response_flags: "SI" });
  });

  test("of a chunked body is answered 408 as a stream that was idle", async () => {
    const { text } = await disconnected(say(ports.web, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"));
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    await counted("istio_requests_total", { response_code: "408", response_flags: "SI" });
  });

  test("of a body that nobody waits for gets its answer and is disconnected", async () => {
    const { text } = await disconnected(say(ports.web, "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"));
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*here$/);
  });
});

describe("a client that does not read", () => {
  const request = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${LARGE_BODY.length}\r\n\r\n${LARGE_BODY}`;

  test("the response of an upstream is disconnected, and its request ends as a stream that was idle", async () => {
    const client = say(ports.web, request, { reads: false });
    await counted("istio_requests_total", { response_flags: "SI" });
    await until("the connection is gone", async () => (await count("fairlead_proxy_downstream_connections")) === 0);
    client.socket.destroy();
  });

  test("a large response that the proxy makes itself is disconnected", async () => {
    const client = say(ports.web, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", { reads: false });
  await counted("fairlead_proxy_downstream_connections_opened_total");
  await until("the connection is gone", async () => (await count("fairlead_proxy_downstream_connections")) === 0, {
      timeoutMs: 2 * FOR_EVER_MS,
    });
    client.socket.destroy();
  });
});

test("a client that reads and writes slowly, but does, is served", async () => {
  const body = "0123456789".repeat(2);
  const client = say(ports.web, `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
  for (const char of body) {
    await sleep(systemClock, 50);
    client.socket.write(char);
  }
  const { text, afterMs } = await disconnected(client);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(text).toContain(`"body":"${body}"`);
  expect(afterMs).toBeGreaterThan(2 * STREAM_IDLE_MS);
});

test("a listener's own timeouts go before the proxy's", async () => {
  const [idle, half] = await Promise.all([disconnected(say(ports.own, "")), disconnected(say(ports.own, "GET / HTTP/1.1\r\n"))]);
  expect(idle.afterMs).toBeGreaterThan(1_500);
  expect(half.afterMs).toBeGreaterThan(1_400);
  expect(half.text).toMatch(/^HTTP\/1\.1 408 /);
});

test("silent clients keep nobody else waiting", async () => {
  const silent = Array.from({ length: 100 }, (_, index) => say(ports.web, index % 2 === 0 ? "" : "GET / HT"));
  expect(await send({ url: `http://127.0.0.1:${ports.web}/hello` })).toMatchObject({ kind: "response", status: 200 });
  await Promise.all(silent.map(disconnected));
});
