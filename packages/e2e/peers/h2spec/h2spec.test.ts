import { applyConfig, createProxy, dumpConfig, stop } from "@fairlead/dataplane-native";
import { createSelfSigned, type EchoServer, startEchoServer } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runH2spec } from "./h2spec.ts";

type Proxy = ReturnType<typeof createProxy>;

const LANES = [
  { name: "plaintext", codecType: "http2", isTls: false, exceptions: [] },
  {
    name: "plaintext where the first bytes say which HTTP it is",
    codecType: "auto",
    isTls: false,
    // What is no preface of HTTP/2 is a request of HTTP/1 here, and a bad one: it gets 400 in that language before the connection ends.
    exceptions: ["http2/3.5 Sends invalid connection preface"],
  },
  { name: "TLS", codecType: "auto", isTls: true, exceptions: [] },
] as const;

/** Of h2spec 2.2.1, those for strict servers included. */
const CASES = 146;

let upstream: EchoServer;
let proxy: Proxy;
const ports = new Map<string, number>();

beforeAll(async () => {
  // It answers behind the end of the request's body: an answer before the second, faulty frame of a case is no answer to that frame.
  upstream = await startEchoServer();
  const { certificatePem, privateKeyPem } = await createSelfSigned();
  const tls = { context: { certificates: [{ inline: { chain: certificatePem, key: privateKeyPem } }], alpn: ["h2", "http/1.1"] } };
  proxy = createProxy(JSON.stringify({ workers: 1, reportIntervalMs: 0 }));
  const config = {
    listeners: LANES.map((lane) => toListener(lane.name, lane.codecType, lane.isTls ? { tls } : {})),
    clusters: [{ name: "upstream", endpoints: [{ endpoints: [{ address: upstream.address }] }] }],
  };
  const problems = await applyConfig(proxy, JSON.stringify(config));
  if (problems.length > 0) throw new Error(`our proxy does not like its configuration: ${JSON.stringify(problems)}`);
  const dump: { readonly listeners: readonly { readonly name: string; readonly boundAddresses: readonly string[] }[] } = JSON.parse(
    await dumpConfig(proxy),
  );
  for (const { name, boundAddresses } of dump.listeners) ports.set(name, Number(boundAddresses[0]?.split(":")[1]));
});
afterAll(async () => {
  await stop(proxy);
  await upstream.close();
});

function toListener(name: string, codecType: string, transport: object): object {
  const routes = [{ name: "all", match: {}, action: { forward: { cluster: "upstream" } } }];
  const httpConnectionManager = { codecType, routes: { inline: { virtualHosts: [{ name: "all", domains: ["*"], routes }] } } };
  return { name, address: "127.0.0.1:0", filterChains: [{ filters: [{ httpConnectionManager }], ...transport }] };
}

describe("h2spec passes", () => {
  test.for(LANES)("over $name", async ({ name, isTls, exceptions }) => {
    const { ran, skipped, failed } = await runH2spec({ port: ports.get(name) ?? 0, isTls });
    const unexpected = Object.entries(failed).filter(([title]) => !exceptions.some((exception) => exception === title));
    expect(unexpected).toEqual([]);
    expect(Object.keys(failed)).toEqual(exceptions);
    expect({ ran, skipped }).toEqual({ ran: CASES, skipped: [] });
  });
});
