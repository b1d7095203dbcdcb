import { writeFileSync } from "node:fs";
import { runCli } from "@fairlead/cli";
import { systemClock } from "@fairlead/kit";
import { createTempFolder, send, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo();
  for (let turn = 0; turn < 20; turn += 1) await send({ url: `${mesh.gatewayUrl}/api/v1/products/0` });
});
afterAll(() => mesh.stop());

/** Runs one command line against the mesh; answers the exit status and what it printed. */
async function fairlead(...args: readonly string[]): Promise<{ readonly status: number; readonly output: string }> {
  let output = "";
  const stream = { write: (text: string) => (output += text) };
  const env = { FAIRLEAD_STATE: mesh.mesh.layout.stateDirectory, HOME: mesh.file("..") };
  const status = await runCli(args, { stdout: stream, stderr: stream, env, clock: systemClock, random: Math.random });
  return { status, output };
}

test("status shows every proxy connected and in sync", async () => {
  await until("all are in sync", async () => (await fairlead("status")).output.match(/in sync/g)?.length === 7);
  expect((await fairlead("status")).status).toBe(0);
  expect(JSON.parse((await fairlead("status", "-o", "json")).output)).toMatchObject({ mesh: { ready: true } });
});

test("config shows routes with the file and line they come from, and no private key", async () => {
  expect((await fairlead("config", "productpage", "routes")).output).toMatch(/everyone.*routing\.yaml:\d+/);
  const all = (await fairlead("config", "productpage", "all", "-o", "json")).output;
  expect(all).not.toContain("PRIVATE KEY");
});

test("explain names route, cluster and the line that decided", async () => {
  const jason = (await fairlead("explain", "productpage", "GET", "http://reviews:9080/reviews/0", "-H", "end-user: jason")).output;
  expect(jason).toMatch(/routing\.yaml:\d+\s+VirtualService default\/reviews spec\.http\[0\]/);
  expect(jason).toContain("outbound|9080|v2|reviews.default.svc.cluster.local");
  const everyone = (await fairlead("explain", "productpage", "curl -s http://reviews:9080/reviews/0")).output;
  expect(everyone).toContain("outbound|9080|v1|reviews.default.svc.cluster.local");
});

test("explain --inbound names the policy that lets a caller in, and refuses another", async () => {
  const allowed = (await fairlead("explain", "ratings", "--inbound", "--from", "reviews-v2", "GET", "http://ratings:9080/ratings/0"))
    .output;
  expect(allowed).toMatch(/ns\[default\]-policy\[ratings\]/);
  const refused = (await fairlead("explain", "ratings", "--inbound", "--from", "details", "GET", "http://ratings:9080/ratings/0")).output;
  expect(refused).toMatch(/den(y|ied)|refused|403/);
});

/** An explanation, but for the end of TLS: a dump has no certificates to end it with. */
async function explained(...words: readonly string[]): Promise<unknown> {
  const { output } = await fairlead("explain", ...words, "--output", "json");
  return JSON.parse(output.replaceAll("; it ends tls", ""));
}

test("explain --config says the same of a dump, with no proxy to ask", async () => {
  const dumps = createTempFolder("fairlead-dumps-");
  const asked = {
    productpage: ["GET", "http://reviews:9080/reviews/0", "-H", "end-user: jason"],
    ingressgateway: [`${mesh.gatewayUrl}/productpage`],
    ratings: ["--inbound", "--from", "spiffe://cluster.local/ns/default/sa/bookinfo-details", "GET", "http://ratings:9080/ratings/0"],
  };
  for (const [proxy, words] of Object.entries(asked)) {
    const dump = dumps.join(`${proxy}.json`);
    writeFileSync(dump, (await fairlead("config", proxy, "all", "-o", "json")).output);
    expect(await explained("--config", dump, ...words)).toEqual(await explained(proxy, ...words));
  }
  dumps.remove();
});

test("metrics and topology show the traffic", async () => {
  const patience = { timeoutMs: 20_000, intervalMs: 250 };
  await until("mixer has heard of every proxy", async () => shows(/ingressgateway\n.*productpage-v1.*mTLS/, "topology"), patience);
  // Until the caller's proxy has reported too, the called one's report says that its caller is unknown.
  const caller = /productpage-v1\s+reviews-v1\s+v1\s+\d+/;
  await until("the caller of reviews is known", async () => shows(caller, "metrics", "--destination", "reviews"), patience);
});

async function shows(wanted: RegExp, ...args: readonly string[]): Promise<boolean> {
  return wanted.test((await fairlead(...args)).output);
}

test("a question without a mesh says what to do", async () => {
  const { status, output } = await fairlead("status", "--state", mesh.file("nowhere"));
  expect(status).toBe(1);
  expect(output).toContain("no mesh runs in");
  expect(output).toContain("start one with: fairlead local");
});

test("a proxy that does not exist is answered with those that do", async () => {
  expect((await fairlead("config", "prodctpage")).output).toMatch(/there is no proxy "prodctpage"[\s\S]*productpage-v1/);
});
