import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createTempFolder, freePort, until } from "@fairlead/testkit";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClusterConfig, HttpListenerConfig, RouteConfig } from "../config.ts";
import { Proxy } from "../proxy.ts";

/** These run on the engine itself. */

let upstreams: Server[];
let proxy: Proxy | undefined;
let url: string;

beforeEach(async () => {
  upstreams = await Promise.all(
    ["one", "two", "three"].map(async (name) => {
      const server = createServer((request, response) => response.end(JSON.stringify({ name, user: request.headers["x-user"] ?? null })));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
});

afterEach(async () => {
  await proxy?.stop();
  for (const server of upstreams) server.close();
});

async function start(
  route: Partial<RouteConfig>,
  listener: Partial<HttpListenerConfig> = {},
  cluster: Partial<ClusterConfig> = {},
): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const endpoints = upstreams.map((server) => {
    const bound = server.address();
    return `127.0.0.1:${bound !== null && typeof bound === "object" ? bound.port : 0}`;
  });
  const hosts = [{ routes: [{ name: "all", action: { kind: "forward", to: "backends" } as const, ...route }] }];
  proxy = await Proxy.start({
    workers: 2,
    config: {
      listeners: [{ kind: "http", name: "web", address, hosts, ...listener }],
      clusters: [{ name: "backends", endpoints, ...cluster }],
    },
  });
  url = `http://${address}/`;
}

async function statuses(count: number, init: RequestInit = {}): Promise<readonly number[]> {
  const answers: number[] = [];
  for (let sent = 0; sent < count; sent += 1) answers.push((await fetch(url, init)).status);
  return answers;
}

async function names(count: number, init: (turn: number) => RequestInit): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(Array.from({ length: count }, async (_none, turn) => (await fetch(url, init(turn))).text()));
  return new Set(answers.map((answer) => /"name":"(\w+)"/.exec(answer)?.[1] ?? answer));
}

describe("rate limits", () => {
  it("let through as many as they say, over all threads together", async () => {
    await start({ rateLimit: { requests: 3, perMs: 60_000 } });
    expect(await statuses(5)).toEqual([200, 200, 200, 429, 429]);
  });

  it("are the listener's where a route has none of its own, and may answer something else", async () => {
    await start({}, { rateLimit: { requests: 1, perMs: 60_000, burst: 2, status: 503 } });
    expect(await statuses(3)).toEqual([200, 200, 503]);
  });
});

describe("cross-origin requests", () => {
  it("are answered as the policy says, preflights without the upstream", async () => {
    await start({ cors: { allowOrigins: ["https://a.example"], allowMethods: ["GET", "PUT"], maxAgeSeconds: 60, allowCredentials: true } });
    const headers = { origin: "https://a.example", "access-control-request-method": "PUT" };
    const preflight = await fetch(url, { method: "OPTIONS", headers });
    expect([preflight.status, await preflight.text()]).toEqual([200, ""]);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      "access-control-allow-origin": "https://a.example",
      "access-control-allow-methods": "GET,PUT",
      "access-control-max-age": "60",
      "access-control-allow-credentials": "true",
    });
    const other = await fetch(url, { headers: { origin: "https://b.example" } });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("faults", () => {
  it("answer in the place of the upstream, and wait", async () => {
    await start({ fault: { delay: { delayMs: 30, percent: 100 }, abort: { status: 418, percent: 100 } } });
    expect(await statuses(2)).toEqual([418, 418]);
  });

  it("leave alone who is not in their share", async () => {
    await start({ fault: { abort: { status: 418, percent: 0 } } });
    expect(await statuses(2)).toEqual([200, 200]);
  });
});

describe("access rules", () => {
  it("let in who is allowed by address and header", async () => {
    await start({ access: { allow: [{ addresses: ["127.0.0.0/8"], headers: { "x-team": { exact: "blue" } } }] } });
    expect(await statuses(1)).toEqual([403]);
    expect(await statuses(1, { headers: { "x-team": "blue" } })).toEqual([200]);
  });

  it("refuse who is denied, although he is allowed", async () => {
    await start({ access: { allow: [{}], deny: [{ headers: { "x-robot": true } }] } });
    expect(await statuses(1)).toEqual([200]);
    expect(await statuses(1, { headers: { "x-robot": "1" } })).toEqual([403]);
  });

  it("let nobody in where the list is empty", async () => {
    await start({ access: { allow: [] } });
    expect(await statuses(1)).toEqual([403]);
  });
});

describe("tokens", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", alg: "ES256", use: "sig" }] });

  function tokenOf(claims: object): string {
    const text = [{ alg: "ES256", kid: "k" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  }
  const tokenIssuers = { corporate: { issuer: "corp", audiences: ["shop"], jwks, claimHeaders: { "x-user": "sub" } } };
  const good = { authorization: `Bearer ${tokenOf({ iss: "corp", aud: "shop", sub: "jason" })}` };
  const wrong = { authorization: `Bearer ${tokenOf({ iss: "corp", aud: "other" })}` };

  it("are asked for, verified, and become headers", async () => {
    await start({ token: { issuers: ["corporate"] } }, { tokenIssuers });
    expect(await statuses(1)).toEqual([401]);
    expect(await statuses(1, { headers: wrong })).toEqual([403]);
    expect(await (await fetch(url, { headers: { ...good, "x-user": "mary" } })).json()).toMatchObject({ user: "jason" });
  });

  it("may be missing where they are optional, but not wrong", async () => {
    await start({ token: { issuers: ["corporate"], optional: true } }, { tokenIssuers });
    expect(await statuses(1)).toEqual([200]);
    expect(await statuses(1, { headers: wrong })).toEqual([403]);
  });

  it("have to be of an issuer that the listener knows", async () => {
    await expect(start({ token: { issuers: ["nobody"] } }, { tokenIssuers })).rejects.toMatchObject({
      problems: [
        {
          path: "listeners[0].hosts[0].routes[0].token.issuers[0]",
          message: 'there is no token issuer "nobody"; the listener has: corporate',
        },
      ],
    });
  });
});

describe("balancing by hash", () => {
  it.each(["ringHash", "maglev"] as const)("keeps what is alike at one endpoint (%s)", async (loadBalancer) => {
    await start({ action: { kind: "forward", to: "backends", hashOn: [{ header: "x-session" }] } }, {}, { loadBalancer });
    expect((await names(20, () => ({ headers: { "x-session": "a" } }))).size).toBe(1);
    expect((await names(60, (turn) => ({ headers: { "x-session": `s${turn}` } }))).size).toBeGreaterThan(1);
  });

  it("makes a cookie that brings a client back", async () => {
    await start({ action: { kind: "forward", to: "backends", hashOn: [{ cookie: "lb", ttlMs: 60_000 }] } }, {}, { loadBalancer: "maglev" });
    const cookie = (await fetch(url)).headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(cookie).toMatch(/^lb=/);
    expect((await names(20, () => ({ headers: { cookie } }))).size).toBe(1);
  });
});

describe("access logs", () => {
  it("have a line for every request, in the format that was asked for", async () => {
    const temp = createTempFolder("fairlead-log-");
    const accessLogs = [
      { path: temp.join("line.log"), format: "%REQ(:METHOD)% %RESPONSE_CODE% %ROUTE_NAME%" },
      { path: temp.join("json.log"), format: { code: "%RESPONSE_CODE%" } },
    ];
    await start({}, { accessLogs });
    await statuses(2);
    await proxy?.stop();
    const read = (name: string): string => readFileSync(temp.join(name), "utf8");
    await until("the lines are written", () => read("json.log").split("\n").length > 2);
    expect(read("line.log")).toBe("GET 200 all\nGET 200 all\n");
    expect(JSON.parse(read("json.log").split("\n")[0] ?? "")).toEqual({ code: 200 });
    temp.remove();
  });
});
