import { Resolver } from "node:dns/promises";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createTempFolder,
  type EchoServer,
  freePort,
  send,
  startEchoServer,
  startProcess,
  type TestProcess,
  until,
} from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { peer } from "../../src/peers.ts";

const PROXY = fileURLToPath(new URL("../../../dataplane/dist/main.js", import.meta.url));

const temp = createTempFolder("fairlead-istiod-");
const processes: TestProcess[] = [];
const echoes: EchoServer[] = [];
const resolver = new Resolver({ timeout: 2_000, tries: 1 });
let url: string;
let adminUrl: string;

function endpoint(address: string | undefined, version: string): string {
  return `{ address: 127.0.0.1, ports: { http: ${address?.split(":")[1]} }, labels: { version: ${version} } }`;
}

/** What Istio's users write; istiod's own code makes the listeners, routes and clusters of it. */
function configuration(port: number, [v1, v2]: readonly string[]): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http, protocol: HTTP }]
  endpoints: [${endpoint(v1, "v1")}, ${endpoint(v2, "v2")}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: default }
spec:
  host: echo.example.com
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo.example.com]
  http:
    - match: [{ headers: { x-version: { exact: "2" } } }]
      route: [{ destination: { host: echo.example.com, subset: v2 } }]
    - match: [{ uri: { prefix: /old } }]
      rewrite: { uri: /new }
      route: [{ destination: { host: echo.example.com, subset: v1 } }]
    - match: [{ uri: { exact: /gone } }]
      directResponse: { status: 410 }
    - fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
      match: [{ uri: { exact: /teapot } }]
      route: [{ destination: { host: echo.example.com, subset: v1 } }]
    - route: [{ destination: { host: echo.example.com, subset: v1 } }]
`;
}

async function request(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const outcome = await send({ url: `${url}${path}`, headers: { host: "echo.example.com", ...headers } });
  if (outcome.kind === "error") throw new Error(outcome.code);
  return outcome;
}

beforeAll(async () => {
  echoes.push(await startEchoServer({ name: "v1" }), await startEchoServer({ name: "v2" }));
  const [port, xdsPort, adminPort, dnsPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
  resolver.setServers([`127.0.0.1:${dnsPort}`]);
  writeFileSync(
    temp.join("istio.yaml"),
    configuration(
      port,
      echoes.map(({ address }) => address),
    ),
  );
  const istiod = await startProcess({
    command: peer("istio-reference"),
    // By the names of hosts, as it does without Kubernetes; its newer way writes addresses into objects there.
    env: { PILOT_ENABLE_IP_AUTOALLOCATE: "false" },
    args: ["serve", "-listen", `127.0.0.1:${xdsPort}`, "-config", temp.join("istio.yaml")],
    isReady: ({ lines }) => lines.some((line) => line.startsWith("serving ADS")),
    readyTimeoutMs: 60_000,
  });
  processes.push(istiod);
  writeFileSync(temp.join("proxy.json"), JSON.stringify(proxySettings({ xdsPort, adminPort, dnsPort })));
  adminUrl = `http://127.0.0.1:${adminPort}`;
  processes.push(
    await startProcess({
      command: process.execPath,
      args: [PROXY, "--settings", temp.join("proxy.json")],
      isReady: async () => {
        const outcome = await send({ url: `${adminUrl}/ready` });
        return outcome.kind !== "error" && outcome.status === 200;
      },
    }),
  );
  url = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  for (const running of processes) await running.stop();
  for (const echo of echoes) await echo.close();
  temp.remove();
});

function proxySettings(ports: { readonly xdsPort: number; readonly adminPort: number; readonly dnsPort: number }): object {
  const { xdsPort, adminPort, dnsPort } = ports;
  return {
    type: "sidecar",
    name: "client",
    namespace: "default",
    serviceAccount: "client",
    labels: { app: "client" },
    addresses: ["127.0.0.1"],
    trustDomain: "cluster.local",
    interceptionMode: "NONE",
    adminAddress: `127.0.0.1:${adminPort}`,
    stateDirectory: temp.join("proxy"),
    workers: 1,
    dnsCapture: true,
    dnsAutoAllocate: true,
    dnsAddress: `127.0.0.1:${dnsPort}`,
    resolvConf: temp.join("no-resolvers"),
    pilot: { address: `127.0.0.1:${xdsPort}`, insecure: true },
    // Istio's CA is not part of this: plaintext upstreams need no identity.
    identity: {
      citadelAddress: "127.0.0.1:1",
      rootCertificateFile: temp.join("none.pem"),
      tokenFile: temp.join("none.token"),
      namespace: "default",
      serviceAccount: "client",
    },
  };
}

test("a request goes where istiod's configuration sends it: by header, by default, rewritten", async () => {
  expect(JSON.parse((await request("/a")).body)).toMatchObject({ server: "v1", path: "/a" });
  expect(JSON.parse((await request("/a", { "x-version": "2" })).body)).toMatchObject({ server: "v2" });
  expect(JSON.parse((await request("/old/x")).body)).toMatchObject({ server: "v1", path: "/new/x" });
});

test("istiod's direct responses and faults are answered by the proxy itself", async () => {
  expect((await request("/gone")).status).toBe(410);
  expect((await request("/teapot")).status).toBe(418);
});

test("nothing of what istiod sends is refused, and a host it does not know is told apart", async () => {
  const outcome = await send({ url: `${adminUrl}/fairlead/server_info` });
  if (outcome.kind === "error") throw new Error(outcome.code);
  const info = JSON.parse(outcome.body);
  expect(info.xds.connected).toBe(true);
  expect(JSON.stringify(info.xds)).not.toMatch(/"rejected":\s*[1-9]|rejections":\[[^\]]/);
  await until("an unknown host gets another answer", async () => {
    const other = await send({ url: `${url}/a`, headers: { host: "other.example.com" } });
    return other.kind !== "error" && other.status !== 200;
  });
});

test("names are answered from istiod's table, and hosts without an address by the ones that it has allocated", async () => {
  const [address] = await resolver.resolve4("echo.example.com");
  expect(address).toMatch(/^240\.240\.\d+\.\d+$/);
  expect(await resolver.resolve4("echo.example.com")).toEqual([address]);
  await expect(resolver.resolve4("other.example.com")).rejects.toMatchObject({ code: "ESERVFAIL" });
});
