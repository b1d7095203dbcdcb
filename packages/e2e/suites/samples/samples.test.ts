import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { get as httpsGet } from "node:https";
import { connect, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createSelfSigned, createTempFolder, startProcess, type TestProcess, until } from "@fairlead/testkit";
import { afterEach, describe, expect, it } from "vitest";

/** Every sample as a process of its own, as its reader starts it. */

const temp = createTempFolder("fairlead-samples-");
const servers: (Server | TcpServer)[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An HTTP server that answers with its name; `state` says how. */
async function startUpstream(name: string, state: { status: number } = { status: 200 }): Promise<string> {
  return listen(createServer((_request, response) => response.writeHead(state.status).end(name)));
}

async function listen(server: Server | TcpServer, port = 0): Promise<string> {
  servers.push(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not bound");
  return `127.0.0.1:${bound.port}`;
}

function startSample(name: string, args: readonly string[]): Promise<TestProcess> {
  const main = fileURLToPath(new URL(`../../../../samples/${name}/main.ts`, import.meta.url));
  return startProcess({
    command: process.execPath,
    args: [main, ...args],
    isReady: ({ lines }) => lines.some((line) => / on 127/.test(line)),
  });
}

/** The address in a line that ends with one, as soon as the line is there: some samples write several. */
function addressIn({ lines }: TestProcess, pattern: RegExp): Promise<string> {
  return until(`a line like ${pattern.source} is written`, () => {
    const line = lines.find((candidate) => pattern.test(candidate));
    return /127\.0\.0\.1:\d+/.exec(line ?? "")?.[0];
  });
}

describe("load-balancer", () => {
  it("leaves out an endpoint that is unhealthy, takes it back, and tells who served how many", async () => {
    const sick = { status: 200 };
    const upstreams = [await startUpstream("one"), await startUpstream("two", sick)];
    const to = upstreams.flatMap((address) => ["--to", address]);
    await using sample = await startSample("load-balancer", ["--listen", "127.0.0.1:0", "--interval", "50", ...to]);
    const url = `http://${await addressIn(sample, /listening/)}/`;
    const ask = async (): Promise<ReadonlySet<string>> =>
      new Set(await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text())));
    await until("both answer", async () => (await ask()).size === 2);
    sick.status = 503;
    await until("it is said to be unhealthy", () => sample.lines.some((line) => line.startsWith(`${upstreams[1]} is unhealthy`)));
    expect(await ask()).toEqual(new Set(["one"]));
    sick.status = 200;
    await until("both answer again", async () => (await ask()).size === 2);
    await sample.stop();
    expect(sample.lines.at(-1)).toMatch(/^127\.0\.0\.1:\d+ served \d+, failed \d+$/);
  });

  it("hides from clients that an endpoint fails", async () => {
    const upstreams = [await startUpstream("one"), await startUpstream("two", { status: 500 })];
    const to = upstreams.flatMap((address) => ["--to", address]);
    await using sample = await startSample("load-balancer", ["--listen", "127.0.0.1:0", "--interval", "60000", ...to]);
    const url = `http://${await addressIn(sample, /listening/)}/`;
    for (let sent = 0; sent < 20; sent += 1) expect((await fetch(url)).status).toBe(200);
  });
});

function getOverTls(
  address: string,
  host: string,
): Promise<{ readonly status: number; readonly body: string; readonly fingerprint: string }> {
  const [hostname, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const options = { hostname, port, servername: host, headers: { host }, rejectUnauthorized: false, agent: false };
    const request = httpsGet(options, (response) => {
      const fingerprint = "getPeerCertificate" in response.socket ? String(peerOf(response.socket)) : "";
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, fingerprint }));
    });
    request.on("error", reject);
  });
}

function peerOf(socket: object): unknown {
  const read: unknown = Reflect.get(socket, "getPeerCertificate");
  const certificate: unknown = typeof read === "function" ? Reflect.apply(read, socket, []) : undefined;
  return typeof certificate === "object" && certificate !== null && "fingerprint256" in certificate
    ? certificate.fingerprint256
    : undefined;
}

describe("tls-gateway", () => {
  it("ends TLS by host, redirects those without, and takes new certificates while it serves", async () => {
    const upstream = await startUpstream("shop");
    const writeCertificate = async (): Promise<void> => {
      const { certificatePem, privateKeyPem } = await createSelfSigned();
      writeFileSync(temp.join("chain.pem"), certificatePem);
      writeFileSync(temp.join("key.pem"), privateKeyPem);
    };
    await writeCertificate();
    const files = ["--certificate", temp.join("chain.pem"), "--key", temp.join("key.pem")];
    const args = ["--listen", "127.0.0.1:0", "--redirect-from", "127.0.0.1:0", "--host", `shop.example.com=${upstream}`, ...files];
    await using sample = await startSample("tls-gateway", args);
    const secure = await addressIn(sample, /^https on/);
    const before = await getOverTls(secure, "shop.example.com");
    expect(before).toMatchObject({ status: 200, body: "shop" });
    expect(await getOverTls(secure, "other.example.com")).toMatchObject({ status: 404 });
    await until("the redirect is there", () => sample.lines.some((line) => line.startsWith("http on")));
    const redirected = await fetch(`http://${await addressIn(sample, /^http on/)}/path`, { redirect: "manual" });
    expect([redirected.status, redirected.headers.get("location")?.startsWith("https://")]).toEqual([308, true]);

    await writeCertificate();
    sample.signal("SIGHUP");
    await until("the certificate is replaced", () => sample.lines.includes("certificate replaced"));
    expect((await getOverTls(secure, "shop.example.com")).fingerprint).not.toBe(before.fingerprint);
    writeFileSync(temp.join("chain.pem"), "nonsense");
    sample.signal("SIGHUP");
    await until("the wrong file is refused", () => sample.lines.some((line) => line.includes("listeners[0].tls.certificate")));
    expect((await getOverTls(secure, "shop.example.com")).status).toBe(200);
  });
});

describe("tcp-splicer", () => {
  it("joins connections byte by byte, half-closed too, and tells how much there was", async () => {
    // Answers once the client has said everything.
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      let received = 0;
      socket.on("data", (chunk) => (received += chunk.length));
      socket.on("end", () => socket.end(`got ${received}`));
    });
    const upstream = await listen(server);
    await using sample = await startSample("tcp-splicer", ["--listen", "127.0.0.1:0", "--to", upstream]);
    const [host, port] = (await addressIn(sample, /listening/)).split(":");
    const client = connect({ host: host ?? "", port: Number(port), allowHalfOpen: true });
    client.end(Buffer.alloc(1_000_000));
    let answer = "";
    client.on("data", (chunk) => (answer += chunk.toString()));
    await once(client, "end");
    expect(answer).toBe("got 1000000");
    await sample.stop();
    expect(sample.lines.at(-1)).toBe("1 connections, 1000000 bytes from clients, 11 bytes to them");
  });
});

async function rollOut(
  canaryStatus: number,
): Promise<{ readonly lines: readonly string[]; readonly failed: number; readonly after: ReadonlySet<string> }> {
  const addresses = [await startUpstream("stable"), await startUpstream("canary", { status: canaryStatus })];
  const args = ["--stable", addresses[0] ?? "", "--canary", addresses[1] ?? "", "--interval", "50", "--min-requests", "10"];
  await using sample = await startSample("canary", ["--listen", "127.0.0.1:0", "--steps", "20,100", ...args]);
  const url = `http://${await addressIn(sample, /listening/)}/`;
  const isDecided = (): boolean => sample.lines.some((line) => line === "promoted" || line === "rolled back");
  let failed = 0;
  await until("it is decided", async () => {
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await fetch(url)).status));
    failed += statuses.filter((status) => status !== 200).length;
    return isDecided();
  });
  const after = new Set(await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text())));
  return { lines: [...sample.lines], failed, after };
}

describe("canary", () => {
  it("promotes a version that works, without a failed request", async () => {
    const { lines, failed, after } = await rollOut(200);
    expect(lines).toEqual(expect.arrayContaining(["canary gets 20 %", "canary fails 0.0 %", "canary gets 100 %", "promoted"]));
    expect([failed, after]).toEqual([0, new Set(["canary"])]);
  });

  it("takes back a version that fails, by what its requests say", async () => {
    const { lines, failed, after } = await rollOut(500);
    expect(lines).toEqual(expect.arrayContaining(["canary gets 20 %", "canary fails 100.0 %", "rolled back"]));
    expect(lines).not.toContain("canary gets 100 %");
    expect(failed).toBeGreaterThan(0);
    expect(after).toEqual(new Set(["stable"]));
  });
});

describe("typescript-filter", () => {
  it("lets in who has a key, counts, leaves other routes alone, and loads the filter anew while it serves", async () => {
    const upstream = await listen(createServer((request, response) => response.end(String(request.headers["x-client"]))));
    const filters = temp.join("filters");
    cpSync(fileURLToPath(new URL("../../../../samples/typescript-filter/filters", import.meta.url)), filters, { recursive: true });
    const args = ["--listen", "127.0.0.1:0", "--to", upstream, "--key", "secret=ann", "--per-minute", "2", "--filters", filters];
    await using sample = await startSample("typescript-filter", args);
    const url = `http://${await addressIn(sample, /listening/)}`;
    const headers = { "x-api-key": "secret" };
    expect((await fetch(`${url}/`)).status).toBe(401);
    expect(await (await fetch(`${url}/public`)).text()).toBe("undefined");
    const first = await fetch(`${url}/`, { headers });
    expect([first.headers.get("x-requests-left"), await first.text()]).toEqual(["1", "ann"]);
    await fetch(`${url}/`, { headers });
    expect((await fetch(`${url}/`, { headers })).status).toBe(429);
    await until("the log tells who it was", () => sample.lines.some((line) => line === "GET / 429 ann"));

    const source = readFileSync(temp.join("filters/api-key.ts"), "utf8");
    writeFileSync(temp.join("filters/api-key.ts"), "nonsense(");
    sample.signal("SIGHUP");
    await until("the broken filter is refused", () => sample.lines.some((line) => line.includes("filters[0].module")));
    expect((await fetch(`${url}/`)).status).toBe(401);
    writeFileSync(temp.join("filters/api-key.ts"), source.replaceAll("401", "403"));
    sample.signal("SIGHUP");
    await until("the filter is loaded", () => sample.lines.includes("filters loaded"));
    expect((await fetch(`${url}/`)).status).toBe(403);
  });
});
