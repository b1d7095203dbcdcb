import { once } from "node:events";
import { createServer } from "node:http";
import { freePort } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProxyConfig } from "./config.ts";
import { checkConfig, explain, explainDump } from "./explain.ts";
import { createNativeEngine } from "./native/addon.ts";
import type { Engine } from "./native/engine.ts";
import { toEngineConfig } from "./engine-config.ts";

/** These run on the engine itself. */

let config: ProxyConfig;
let address: string;

beforeEach(async () => {
  address = `127.0.0.1:${await freePort()}`;
  config = {
    listeners: [
      {
        kind: "http",
        name: "web",
        address,
        hosts: [{ routes: [{ name: "api", match: { path: { prefix: "/api" } }, action: { kind: "forward", to: "backends" } }] }],
      },
    ],
    clusters: [{ name: "backends", endpoints: ["127.0.0.1:9001", { address: "127.0.0.1:9002", weight: 3 }] }],
  };
});

describe("checking a configuration", () => {
  it("finds nothing wrong with a good one, although its port is in use", async () => {
    const [host, port] = address.split(":");
    const other = createServer().listen(Number(port), host);
    await once(other, "listening");
    expect(await checkConfig(config)).toEqual([]);
    other.close();
  });

  it("names each problem by its path", async () => {
    const problems = await checkConfig({
      listeners: [{ kind: "tcp", name: "t", address, to: "backends" }],
      clusters: [{ name: "backends", endpoints: ["127.0.0.1:9001"], connectTimeoutMs: 0 }],
    });
    expect(problems).toMatchObject([
      { severity: "error", path: "clusters[0].connectTimeoutMs", message: "0: too small: expected number to be >=1" },
    ]);
  });

  it("does not take a listener's address that is none", async () => {
    const problems = await checkConfig({ ...config, listeners: [{ kind: "tcp", name: "t", address: "nowhere", to: "backends" }] });
    expect(problems).toMatchObject([{ severity: "error", message: expect.stringContaining("nowhere") }]);
  });
});

describe("explaining a request without a proxy", () => {
  it("names the route and the endpoints, and opens no socket", async () => {
    const explanation = await explain(config, { address, authority: "example.com", path: "/api/x" });
    expect(explanation).toMatchObject({
      listener: "web",
      route: "api",
      cluster: "backends",
      endpoints: [
        { address: "127.0.0.1:9001", weight: 1 },
        { address: "127.0.0.1:9002", weight: 3 },
      ],
    });
    await expect(fetch(`http://${address}/api`)).rejects.toThrow("fetch failed");
  });

  it("refuses a configuration that no proxy would start with", async () => {
    const wrong: ProxyConfig = { ...config, clusters: [{ name: "backends", endpoints: ["nowhere:x"] }] };
    await expect(explain(wrong, { address, authority: "x" })).rejects.toMatchObject({ code: "invalid-config" });
  });
});

describe("explaining a request by the dump of a proxy", () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await createNativeEngine({ workers: 1, reportIntervalMs: 0 });
  });
  afterEach(() => engine.stop());

  it("answers what the proxy itself answers", async () => {
    await engine.applyConfig(JSON.stringify(toEngineConfig(config)));
    const asked = { address, method: "GET", authority: "example.com", path: "/api/x", headers: [] };
    expect(await explainDump({ config: await engine.dumpConfig() }, asked)).toEqual(await engine.explain(asked));
  });

  it("finds the listener that takes whatever is redirected", async () => {
    const { listeners, clusters } = toEngineConfig(config);
    const [web] = Array.isArray(listeners) ? listeners : [];
    await engine.applyConfig(JSON.stringify({ listeners: [{ ...web, useOriginalDst: true }], clusters }));
    const asked = { address: "10.0.0.1:9080", method: "GET", authority: "example.com", path: "/api/x", headers: [] };
    expect(await explainDump({ config: await engine.dumpConfig() }, asked)).toEqual(await engine.explain(asked));
  });

  it("says of something else that it is no dump", async () => {
    await expect(explainDump({ config: { listeners: 1 } }, { authority: "x" })).rejects.toMatchObject({
      code: "cannot-explain",
      message: expect.stringMatching(/^not a dump of a proxy's configuration: listeners: /),
    });
  });
});
