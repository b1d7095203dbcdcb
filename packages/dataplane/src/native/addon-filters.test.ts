import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:http2";
import { createTempFolder, freePort, type TempFolder, until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpListenerConfig, ProxyConfig, RouteConfig } from "../config.ts";
import type { FilterProblem } from "../filters/host.ts";
import type { FilterConfig } from "../policy-config.ts";
import { Proxy } from "../proxy.ts";

/** These run on the engine itself, and on threads of Node. */

let folder: TempFolder;
let upstream: Server;
let proxy: Proxy | undefined;
let address: string;
let problems: FilterProblem[];
let bodies: string[];

beforeEach(async () => {
  folder = createTempFolder("fairlead-filters-");
  mkdirSync(folder.join("filters"));
  problems = [];
  bodies = [];
  upstream = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      response.setHeader("x-upstream", "1");
      response.end(JSON.stringify({ path: request.url, user: request.headers["x-user"] ?? null }));
    });
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  address = `127.0.0.1:${await freePort()}`;
});

afterEach(async () => {
  await proxy?.stop();
  upstream.close();
  folder.remove();
});

/** Writes a module whose filter is this object literal. */
function write(module: string, filter: string): void {
  const text = `import { defineFilter } from "@fairlead/dataplane/filter";\nexport const filter = defineFilter(${filter});\n`;
  writeFileSync(folder.join(`filters/${module}`), text);
}

function configOf(
  filters: readonly FilterConfig[],
  route: Partial<RouteConfig> = {},
  listener: Partial<HttpListenerConfig> = {},
): ProxyConfig {
  const bound = upstream.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  const action = { kind: "forward", to: "up" } as const;
  const routes: readonly RouteConfig[] = [
    { name: "plain", match: { path: { prefix: "/plain" } }, action, filters: [] },
    { name: "all", action, ...route, ...(route.filters === undefined ? {} : { filters: patient(route.filters) }) },
  ];
  return {
    listeners: [{ kind: "http", name: "web", address, filters: patient(filters), hosts: [{ routes }], ...listener }],
    clusters: [{ name: "up", endpoints: [`127.0.0.1:${port}`] }],
  };
}

/** A busy machine is not what these are about, where they do not say so. */
const patient = (filters: readonly FilterConfig[]): readonly FilterConfig[] => filters.map((filter) => ({ timeoutMs: 10_000, ...filter }));

async function start(config: ProxyConfig, threads = 1): Promise<Proxy> {
  const filters = { directory: folder.join("filters"), threads, onProblem: (problem: FilterProblem) => void problems.push(problem) };
  return (proxy = await Proxy.start({ workers: 2, config, filters }));
}

const ask = (path = "/", init: RequestInit = {}): Promise<Response> => fetch(`http://${address}${path}`, init);

async function stat(running: Proxy, name: string): Promise<number> {
  return (await running.stats()).filter((one) => one.name === `fairlead_proxy_filter_${name}`).reduce((sum, { value }) => sum + value, 0);
}

describe("a filter", () => {
  it("changes requests and responses, with types in its source and a configuration of its own", async () => {
    write(
      "auth.ts",
      `{
        parseConfig: (config) => ({ header: String((config as { header?: string }).header) }),
        async onRequest(request, { config, setMetadata }) {
          const user: string | undefined = request.headers.get(config.header);
          if (user === undefined) return { status: 401, headers: { "www-authenticate": "Key" }, body: "who?" };
          await Promise.resolve();
          request.headers.set("x-user", user);
          request.setPath("/for" + request.path);
          setMetadata("auth", { user });
          return undefined;
        },
        onResponse(response, { metadata, route, request }) {
          response.headers.set("x-seen", JSON.stringify([metadata["auth"], route, request.path, response.headers.get("x-upstream")]));
          response.headers.delete("x-upstream");
          response.setStatus(202);
        },
      }`,
    );
    const accessLogs = [
      { path: folder.join("access.log"), format: "%DYNAMIC_METADATA(auth:user)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS%" },
    ];
    const running = await start(configOf([{ module: "auth.ts", config: { header: "x-key" } }], {}, { accessLogs }));
    const refused = await ask("/a");
    expect([refused.status, refused.headers.get("www-authenticate"), await refused.text()]).toEqual([401, "Key", "who?"]);
    const answer = await ask("/a", { headers: { "x-key": "ann" } });
    expect([answer.status, answer.headers.get("x-upstream"), await answer.json()]).toEqual([202, null, { path: "/for/a", user: "ann" }]);
    expect(JSON.parse(answer.headers.get("x-seen") ?? "")).toEqual([{ user: "ann" }, "all", "/for/a", "1"]);
    await running.stop();
    // Each worker writes lines of its own.
    const lines = readFileSync(folder.join("access.log"), "utf8").trimEnd().split("\n");
    expect(lines.toSorted()).toEqual(["- 401 filter_module_response", "ann 202 via_upstream"]);
    expect(problems).toEqual([]);
  });

  it("sees and replaces the body that it declared; a larger one is refused", async () => {
    write(
      "body.ts",
      "{ requestBody: { maxBytes: 8 }, onRequest: (request) => request.setBody(`<${Buffer.from(request.body ?? []).toString()}>`) }",
    );
    await start(configOf([{ module: "body.ts" }]));
    expect((await ask("/", { method: "POST", body: "hello" })).status).toBe(200);
    expect((await ask("/", { method: "POST", body: "123456789" })).status).toBe(413);
    expect(bodies).toEqual(["<hello>"]);
  });

  it("sees and replaces the body of responses, over HTTP/2 as well; a larger one is replaced by an error", async () => {
    write(
      "body.ts",
      `{
        responseBody: { maxBytes: 64 },
        onResponse(response) {
          const seen = JSON.parse(Buffer.from(response.body ?? []).toString());
          response.setBody(JSON.stringify({ ...seen, more: true }));
        },
      }`,
    );
    await start(configOf([{ module: "body.ts" }]));
    const answer = await ask("/a");
    expect([answer.headers.get("content-length"), await answer.json()]).toEqual(["37", { path: "/a", user: null, more: true }]);
    expect((await ask(`/${"a".repeat(64)}`)).status).toBe(500);
    const session = connect(`http://${address}`);
    const stream = session.request({ ":path": "/b" });
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(stream, "end");
    session.destroy();
    expect(JSON.parse(text)).toEqual({ path: "/b", user: null, more: true });
    expect(problems).toEqual([]);
  });

  it("sees requests of HTTP/2 with their bodies", async () => {
    write(
      "body.ts",
      "{ requestBody: { maxBytes: 8 }, onRequest: (request) => request.setBody(`<${Buffer.from(request.body ?? []).toString()}>`) }",
    );
    await start(configOf([{ module: "body.ts" }]));
    const session = connect(`http://${address}`);
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.end("hello");
    const [headers] = await once(stream, "response");
    stream.resume();
    await once(stream, "end");
    session.destroy();
    expect([headers[":status"], bodies]).toEqual([200, ["<hello>"]]);
  });

  it("is another one, or the same with another configuration, where a route says so", async () => {
    write("tag.ts", "{ onResponse: (response, { config }) => response.headers.append('x-tag', String(config)) }");
    const own = [
      { module: "tag.ts", config: "own" },
      { module: "tag.ts", config: "second" },
    ];
    const running = await start(configOf([{ module: "tag.ts", config: "all" }], { match: { path: { prefix: "/own" } }, filters: own }));
    expect((await ask("/own")).headers.get("x-tag")).toBe("second, own");
    expect((await ask("/plain")).headers.get("x-tag")).toBeNull();
    await running.apply(configOf([{ module: "tag.ts", config: "all" }]));
    expect((await ask("/")).headers.get("x-tag")).toBe("all");
    const { decisions } = await running.explain({ listener: "web", authority: "a", path: "/" });
    expect(decisions.map(({ outcome }) => outcome)).toContain("filter0: module tag.ts may change it");
  });

  it("is never asked about a route that does not name it", async () => {
    write("throws.ts", "{ onRequest() { throw new Error('never') } }");
    const running = await start(configOf([{ module: "throws.ts" }]));
    expect((await ask("/plain")).status).toBe(200);
    expect(await stat(running, "module_calls_total")).toBe(0);
    expect((await ask()).status).toBe(500);
    expect(await stat(running, "module_calls_total")).toBe(1);
  });
});

describe("a filter that fails", () => {
  it("fails one request when it throws, as it is told to, and is told of", async () => {
    write("throws.ts", "{ onRequest() { throw new Error('oops') } }");
    const running = await start(configOf([{ module: "throws.ts", statusOnError: 503 }]));
    expect((await ask()).status).toBe(503);
    await running.apply(configOf([{ module: "throws.ts", failureMode: "open" }]));
    expect((await ask()).status).toBe(200);
    await until("it is told of", () => problems.length === 2);
    expect(problems[0]).toEqual({ kind: "failed", module: "throws.ts", message: "oops" });
    expect([await stat(running, "module_failures_total"), await stat(running, "threads_lost_total")]).toEqual([2, 0]);
  });

  it("does not hold up who waits longer than it may", async () => {
    write("slow.ts", "{ onRequest: () => new Promise(() => undefined) }");
    const running = await start(configOf([{ module: "slow.ts", timeoutMs: 50, failureMode: "open" }]));
    expect((await ask()).status).toBe(200);
    expect([await stat(running, "module_timeouts_total"), await stat(running, "threads")]).toEqual([1, 1]);
  });

  it("ends with its thread when it hangs, and another thread goes on", async () => {
    write("hangs.ts", "{ onRequest(request) { while (request.path === '/hang'); } }");
    const running = await start(configOf([{ module: "hangs.ts", timeoutMs: 100 }]));
    expect((await ask("/hang")).status).toBe(500);
    await until("another thread answers", async () => (await ask("/ok")).status === 200);
    expect(problems.map(({ kind }) => kind)).toEqual(["hung"]);
    expect(await stat(running, "threads_lost_total")).toBe(1);
  });

  it.each([
    ["exits", "process.exit(3)", "exit code 3"],
    ["throws outside of a request", "setImmediate(() => { throw new Error('stray') })", "stray"],
  ])("ends its thread when it %s, and another one goes on", async (_what, code, reason) => {
    write("ends.ts", `{ onRequest(request) { if (request.path === '/end') { ${code}; return new Promise(() => undefined); } } }`);
    await start(configOf([{ module: "ends.ts", timeoutMs: 10_000 }]));
    expect((await ask("/end")).status).toBe(500);
    await until("another thread answers", async () => (await ask("/ok")).status === 200);
    expect(problems[0]?.message).toContain(reason);
  });
});

describe("a module", () => {
  it("that does not load is refused by its path, and what ran before serves on", async () => {
    write("tag.ts", "{ onResponse: (response) => response.headers.set('x-tag', '1') }");
    write("typo.ts", "{ onRequest: () => undefined, }; nonsense(");
    write("picky.ts", "{ parseConfig() { throw new Error('limit: has to be a number') }, onRequest: () => undefined }");
    writeFileSync(folder.join("outside.ts"), "export const filter = 1;");
    symlinkSync(folder.join("outside.ts"), folder.join("filters/linked.ts"));
    const running = await start(configOf([{ module: "tag.ts" }]));
    const refusal = async (config: ProxyConfig): Promise<unknown> =>
      running.apply(config).then(
        () => undefined,
        ({ problems: [problem] }: { readonly problems: readonly { readonly path: string; readonly message: string }[] }) => problem,
      );
    const of = (module: string): Promise<unknown> => refusal(configOf([{ module }]));
    const path = "listeners[0].filters[0].module";
    expect(await of("missing.ts")).toMatchObject({ path, message: 'there is no file "missing.ts" in the folder of filter modules' });
    expect(await of("typo.ts")).toMatchObject({ path });
    expect(await of("../outside.ts")).toMatchObject({ path, message: expect.stringContaining("is no name of a file") });
    expect(await of("linked.ts")).toMatchObject({ path, message: expect.stringContaining("leads out of the folder") });
    expect(await of("picky.ts")).toMatchObject({ path: "listeners[0].filters[0].config", message: "limit: has to be a number" });
    expect(await refusal(configOf([], { filters: [{ module: "missing.ts" }] }))).toMatchObject({
      path: "listeners[0].hosts[0].routes[1].filters[0].module",
    });
    expect((await ask()).headers.get("x-tag")).toBe("1");
  });

  it("that has changed is loaded anew with the next configuration, with what it imports", async () => {
    writeFileSync(folder.join("filters/tag-text.ts"), "export const text: string = 'one';");
    const importing = (version: number): void => {
      const text = `import { defineFilter } from "@fairlead/dataplane/filter";\nimport { text } from "./tag-text.ts";
        export default defineFilter({ onResponse: (response) => response.headers.set("x-tag", text + ${version}) });`;
      writeFileSync(folder.join("filters/tag.ts"), text);
    };
    importing(1);
    const config = configOf([{ module: "tag.ts" }]);
    const running = await start(config, 2);
    expect((await ask()).headers.get("x-tag")).toBe("one1");
    writeFileSync(folder.join("filters/tag-text.ts"), "export const text: string = 'two';");
    importing(2);
    expect((await ask()).headers.get("x-tag")).toBe("one1");
    await running.apply(config);
    expect((await ask()).headers.get("x-tag")).toBe("two2");
  });

  it("is loaded by no proxy that has no folder for it", async () => {
    await expect(Proxy.start({ workers: 1, config: configOf([{ module: "a.ts" }]) })).rejects.toMatchObject({
      problems: [{ path: "listeners[0].filters[0].module", message: expect.stringContaining("loads no filter modules") }],
    });
  });
});

it("loses no request while filters change and their threads end", async () => {
  write(
    "tag.ts",
    "{ onRequest(request) { if (request.path === '/end') process.exit(); }, onResponse: (response) => response.headers.set('x-tag', '1') }",
  );
  const config = configOf([{ module: "tag.ts", failureMode: "open" }]);
  const running = await start(config, 2);
  const statuses = new Set<number>();
  const asking = Array.from({ length: 8 }, async () => {
    for (let sent = 0; sent < 100; sent += 1) statuses.add((await ask()).status);
  });
  for (let turn = 0; turn < 5; turn += 1) {
    await running.apply(config);
    await ask("/end");
  }
  await Promise.all(asking);
  expect(statuses).toEqual(new Set([200]));
});
