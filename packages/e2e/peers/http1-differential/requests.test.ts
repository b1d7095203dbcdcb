import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCases, type WireCase } from "./corpus.ts";
import { type Column, Golden } from "./golden.ts";
import { describeOutcome, differentReadings, meaningOf, type Outcome, runRequests, targetReadings } from "./outcome.ts";
import { PEERS, type ProxyName, type RunningProxy, startProxies } from "./proxies.ts";
import { readRequests, type Request, STRICT, toRequest } from "./readers.ts";
import type { Normalization } from "./xds.ts";

/** Cases that run at once; most of their time is waiting for what should not come. */
const LANES: readonly Normalization[] = Array.from({ length: 12 }, () => "BASE");
/** Sending byte by byte takes a segment for each. */
const BYTEWISE_LIMIT = 2_000;

const MAX_TRIES = 5;

const cases = readCases("requests.txt");
const golden = new Golden("what-every-proxy-makes-of-a-request.txt");
const outcomes = new Map<ProxyName, ReadonlyMap<string, Outcome>>();
const proxies: RunningProxy[] = [];
let bytewise: ReadonlyMap<string, Outcome>;

beforeAll(async () => {
  proxies.push(...(await startProxies(golden.present(), LANES)));
  await Promise.all(proxies.map(async (proxy) => outcomes.set(proxy.name, await runRequests(proxy, cases))));
  await Promise.all(proxies.map(askAgain));
  const [ours] = proxies;
  if (ours !== undefined) bytewise = await runRequests(ours, cases.filter(isShort), { bytewise: true });
});
afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
});

/** A peer that did not do what the table says has {@link MAX_TRIES} tries to do so. */
async function askAgain(proxy: RunningProxy): Promise<void> {
  const { name } = proxy;
  if (name === "fairlead") return;
  for (let tries = 1; tries < MAX_TRIES; tries += 1) {
    const before = outcomes.get(name) ?? new Map<string, Outcome>();
    const unexpected = new Set(golden.unexpected(name, toSteadyColumn(name, before)));
    if (unexpected.size === 0) return;
    const again = await runRequests(
      proxy,
      cases.filter((wireCase) => unexpected.has(wireCase.name)),
    );
    outcomes.set(name, new Map([...before, ...again]));
  }
}

function toColumn(all: ReadonlyMap<string, Outcome>): Column {
  return new Map([...all].map(([name, outcome]) => [name, describeOutcome(outcome)]));
}

/** A column without what races with the upstream about who answers first. */
function toSteadyColumn(proxy: ProxyName, all: ReadonlyMap<string, Outcome>): Column {
  const unsteady = cases
    .filter(({ options }) => options["unsteady"] === proxy)
    .map(({ name }) => [name, "(not the same every time)"] as const);
  return new Map([...toColumn(all), ...unsteady]);
}

function isShort({ bytes }: WireCase): boolean {
  return bytes.length < BYTEWISE_LIMIT;
}

function outcomeOf(proxy: ProxyName, { name }: WireCase): Outcome {
  const outcome = outcomes.get(proxy)?.get(name);
  if (outcome === undefined) throw new Error(`${proxy} has not been given "${name}"`);
  return outcome;
}

/** What the RFCs say a client has asked for, before whatever is to be refused. */
function expectedRequests({ bytes }: WireCase): readonly Request[] {
  return readRequests(bytes, STRICT).messages.map(toRequest);
}

function isRefusal(status: number | undefined, { options }: WireCase): boolean {
  return status !== undefined && (options["answer"] === undefined ? status >= 400 && status < 500 : String(status) === options["answer"]);
}

/** Nothing of the request at fault, and nothing of what follows it, has reached the upstream. */
function expectRefused(wireCase: WireCase, outcome: Outcome): void {
  const before = expectedRequests(wireCase);
  expect(meaningOf(outcome.requests)).toBe(meaningOf(before));
  expect(outcome.statuses).toHaveLength(before.length + 1);
  expect(outcome.statuses.at(-1)).toSatisfy((status) => isRefusal(status, wireCase));
  expect(outcome.isClosed).toBe(true);
}

/** The requests that went on are those that came: none more, none changed but for the target's spelling. */
function expectFaithful(wireCase: WireCase, outcome: Outcome): void {
  const rest = [...expectedRequests(wireCase)];
  for (const { method, target, host, body } of outcome.requests) {
    const same = rest.findIndex(
      (request) =>
        request.method === method && request.host === host && request.body === body && targetReadings(request.target).includes(target),
    );
    expect(same, `${method} ${host} ${target} is not what the client sent`).toBeGreaterThanOrEqual(0);
    rest.splice(0, same + 1);
  }
}

/** No upstream reads what went on in another way. */
function expectOneReading(outcome: Outcome): void {
  expect(differentReadings(outcome)).toEqual([]);
  for (const { target } of outcome.requests) expect(new Set(targetReadings(target))).toEqual(new Set([target]));
  if (outcome.recorded.length > 0) expect(outcome.recorded.map((bytes) => readRequests(bytes, STRICT).rest)).not.toContain("refused");
}

/** What all three peers make of it, where they agree that it is to be served. */
function agreementOfPeers(wireCase: WireCase): string | undefined {
  const theirs = PEERS.map((peer) => outcomes.get(peer)?.get(wireCase.name));
  const meanings = new Set(theirs.map((outcome) => outcome && meaningOf(outcome.requests)));
  const isServed = theirs.every(
    (outcome) => outcome !== undefined && outcome.requests.length > 0 && outcome.statuses.every((status) => status < 400),
  );
  const [meaning] = meanings;
  return isServed && meanings.size === 1 ? meaning : undefined;
}

/** What became of the cases that are sent byte by byte too, by name. */
function summarize(all: ReadonlyMap<string, Outcome> | undefined): Readonly<Record<string, string>> {
  const short = new Set(cases.filter(isShort).map(({ name }) => name));
  const entries = [...(all ?? [])].filter(([name]) => short.has(name));
  return Object.fromEntries(entries.map(([name, { statuses, requests }]) => [name, `${statuses.join(", ")}; ${meaningOf(requests)}`]));
}

function check(wireCase: WireCase): void {
  const ours = outcomeOf("fairlead", wireCase);
  const { verdict, options } = wireCase;
  if (verdict === "invalid" || verdict === "invalid-body") expectRefused(wireCase, ours);
  if (verdict === "invalid") expect(ours.rest).toBe("nothing");
  expectOneReading(ours);
  expectFaithful(wireCase, ours);
  const isRefused = options["refused"] !== undefined;
  if (isRefused) expect(ours.statuses.at(-1)).toBeGreaterThanOrEqual(400);
  if (verdict === "valid" && !isRefused) expect(ours.requests).toHaveLength(expectedRequests(wireCase).length);
  const agreed = agreementOfPeers(wireCase);
  if (agreed !== undefined && !verdict.startsWith("invalid") && !isRefused) expect(meaningOf(ours.requests)).toBe(agreed);
}

/** A test's title with its case; what is not as it should be says why. */
function toRow(wireCase: WireCase): readonly [string, WireCase] {
  const known = wireCase.options["known"];
  return [known === undefined ? wireCase.name : `${wireCase.name}: ${known}`, wireCase];
}

describe("our proxy refuses, or passes on with one reading,", () => {
  test.for(cases.filter(({ options }) => options["known"] === undefined).map(toRow))("%s", ([, wireCase]) => check(wireCase));
});

const known = cases.filter(({ options }) => options["known"] !== undefined);

describe.skipIf(known.length === 0)("our proxy does not yet refuse, or pass on with one reading,", () => {
  test.fails.for(known.map(toRow))("%s", ([, wireCase]) => check(wireCase));
});

test("our proxy makes the same of requests whose bytes come one by one", () => {
  expect(summarize(bytewise)).toEqual(summarize(outcomes.get("fairlead")));
});

test.for(PEERS)("%s takes part, in the version of the table", (name, { skip }) => {
  const obstacle = golden.obstacle(name);
  if (obstacle !== undefined) skip(obstacle);
  expect(outcomes.get(name)?.size).toBe(cases.length);
});

test("what every proxy makes of a request is as the table says", async () => {
  const columns = new Map([...outcomes].map(([proxy, all]) => [proxy, toSteadyColumn(proxy, all)]));
  await expect(
    golden.render(
      cases.map(({ name }) => name),
      columns,
    ),
  ).toMatchFileSnapshot(golden.path);
});
