import { once } from "node:events";
import { createServer } from "node:net";
import { freePort } from "@fairlead/testkit";
import { describe, expect, it } from "vitest";
import type { ProxyConfig } from "./config.ts";
import { checkConfig } from "./explain.ts";
import { ProxyError } from "./native/errors.ts";
import { Proxy } from "./proxy.ts";

/** These run on the engine itself. */

const listener = { kind: "http", name: "web", address: "127.0.0.1:0", hosts: [] };
const withRoute = (route: unknown): unknown => ({
  listeners: [{ ...listener, hosts: [{ routes: [route] }] }],
  clusters: [{ name: "a", endpoints: [] }],
});
const withCluster = (cluster: object): unknown => ({ listeners: [], clusters: [{ name: "a", endpoints: [], ...cluster }] });

const TOKEN_ROUTE = { token: { issuers: ["corp"] }, action: { kind: "respond", status: 200 } };

/** What a program that no compiler has checked might pass. */
async function problemOf(config: unknown): Promise<string> {
  const error: unknown = await Proxy.start({ config: config as ProxyConfig, workers: 1 }).catch((reason: unknown) => reason);
  if (!(error instanceof ProxyError)) throw new Error("no ProxyError", { cause: error });
  const [problem] = error.problems;
  return `${error.code} ${error.fault} ${problem?.path}: ${problem?.message}`;
}

describe("a configuration that is wrong", () => {
  it.each([
    ["an address", withCluster({ endpoints: ["nowhere"] }), /^invalid-config caller clusters\[0\]\.endpoints\[0\]: /],
    ["a number out of range", withCluster({ connectTimeoutMs: -5 }), /clusters\[0\]\.connectTimeoutMs: -5: /],
    ["a type", withCluster({ connectTimeoutMs: "1s" }), /clusters\[0\]\.connectTimeoutMs: "1s": /],
    ["a field that there is not", withCluster({ conectTimeoutMs: 5 }), /clusters\[0\]: there is no field "conectTimeoutMs"/],
    ["a kind", { listeners: [{ ...listener, kind: "udp" }], clusters: [] }, /listeners\[0\]\.kind: /],
    ["nothing at all", null, /: invalid input: expected object/],
    [
      "a cluster that nobody defines",
      withRoute({ action: { kind: "forward", to: "b" } }),
      /routes\[0\]\.action\.to: there is no cluster "b"; there are: a/,
    ],
    [
      "a weighted cluster that nobody defines",
      withRoute({ action: { kind: "forward", to: [{ cluster: "b", weight: 1 }] } }),
      /action\.to\[0\]\.cluster: there is no cluster "b"/,
    ],
    [
      "a name given twice",
      {
        listeners: [],
        clusters: [
          { name: "a", endpoints: [] },
          { name: "a", endpoints: [] },
        ],
      },
      /clusters\[1\]\.name: "a"/,
    ],
    // What only the engine knows, told of the user's own fields.
    [
      "a regular expression",
      withRoute({ match: { path: { regex: "(" } }, action: { kind: "respond", status: 200 } }),
      /listeners\[0\]\.hosts\[0\]\.routes\[0\]\.match\.path\.regex: "\(" is not a regular expression: unclosed group$/,
    ],
    [
      "a header name",
      withRoute({ requestHeaders: { set: { "a b": "x" } }, action: { kind: "respond", status: 200 } }),
      /routes\[0\]\.requestHeaders: "a b" is not a header name$/,
    ],
    [
      "the keys of a token issuer",
      { listeners: [{ ...listener, tokenIssuers: { corp: { jwks: "x" } }, hosts: [{ routes: [TOKEN_ROUTE] }] }], clusters: [] },
      /listeners\[0\]\.tokenIssuers\["corp"\]\.jwks: is no JSON Web Key Set/,
    ],
    [
      "a header of an access rule",
      withRoute({ access: { allow: [{ headers: { "a b": true } }] }, action: { kind: "respond", status: 200 } }),
      /routes\[0\]\.access: "a b" is not a header name$/,
    ],
    [
      "a certificate",
      { listeners: [{ ...listener, tls: { certificate: { chainPem: "x", privateKeyPem: "y" } } }], clusters: [] },
      /listeners\[0\]\.tls\.certificate: certificate chain holds no certificate/,
    ],
  ])("is refused for %s, with the path of the field", async (_what, config, expected) => {
    expect(await problemOf(config)).toMatch(expected);
  });

  it("is told by checkConfig without starting anything", async () => {
    expect(await checkConfig(withCluster({ endpoints: ["nowhere"] }) as ProxyConfig)).toMatchObject([{ path: "clusters[0].endpoints[0]" }]);
  });

  it("may have fields that are undefined", async () => {
    expect(await checkConfig(withCluster({ tls: undefined }) as ProxyConfig)).toEqual([]);
  });
});

describe("an error", () => {
  it("says that the environment is at fault where a port is taken, and that trying again may help", async () => {
    const holder = createServer().listen(await freePort(), "127.0.0.1");
    await once(holder, "listening");
    const bound = holder.address();
    const address = `127.0.0.1:${bound !== null && typeof bound === "object" ? bound.port : 0}`;
    const config: ProxyConfig = { listeners: [{ kind: "tcp", name: "t", address, to: "a" }], clusters: [{ name: "a", endpoints: [] }] };
    await expect(Proxy.start({ config, workers: 1 })).rejects.toMatchObject({
      code: "listen-failed",
      fault: "environment",
      retry: true,
      problems: [{ path: "listeners[0].address", message: expect.stringContaining(address) }],
    });
    holder.close();
  });

  it("is the caller's for options out of range and for calls after the end", async () => {
    const config: ProxyConfig = { listeners: [], clusters: [] };
    await expect(Proxy.start({ config, workers: -1 })).rejects.toMatchObject({ code: "invalid-config", fault: "caller", retry: false });
    await expect(Proxy.start(JSON.parse("null"))).rejects.toMatchObject({ code: "invalid-config", fault: "caller" });
    const proxy = await Proxy.start({ config, workers: 1 });
    await expect(proxy.drain(-1)).rejects.toMatchObject({ code: "invalid-config", problems: [{ path: "deadlineMs" }] });
    await proxy.stop();
    await expect(proxy.stats()).rejects.toMatchObject({ code: "stopped", fault: "caller", retry: false });
  });
});
