import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCases, type WireCase } from "./corpus.ts";
import { type Column, Golden } from "./golden.ts";
import { PEERS, type ProxyName, type RunningProxy, startProxies } from "./proxies.ts";
import { readResponses, STRICT } from "./readers.ts";
import {
  describeResponseOutcome,
  differentResponseReadings,
  meaningOfResponse,
  type ResponseOutcome,
  runResponses,
} from "./response-outcome.ts";
import type { Normalization } from "./xds.ts";

/** Cases that run at once; most of their time is waiting for what should not come. */
const LANES: readonly Normalization[] = Array.from({ length: 12 }, () => "BASE");

const MAX_TRIES = 5;

const cases = readCases("responses.txt");
const golden = new Golden("what-every-proxy-makes-of-a-response.txt");
const outcomes = new Map<ProxyName, ReadonlyMap<string, ResponseOutcome>>();
const proxies: RunningProxy[] = [];

beforeAll(async () => {
  proxies.push(...(await startProxies(golden.present(), LANES)));
  await Promise.all(proxies.map(async (proxy) => outcomes.set(proxy.name, await runResponses(proxy, cases))));
  await Promise.all(proxies.map(askAgain));
});
afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
});

/** A peer that did not do what the table says has {@link MAX_TRIES} tries to do so. */
async function askAgain(proxy: RunningProxy): Promise<void> {
  const { name } = proxy;
  if (name === "fairlead") return;
  for (let tries = 1; tries < MAX_TRIES; tries += 1) {
    const before = outcomes.get(name) ?? new Map<string, ResponseOutcome>();
    const unexpected = new Set(golden.unexpected(name, toColumn(before)));
    if (unexpected.size === 0) return;
    const again = await runResponses(
      proxy,
      cases.filter((wireCase) => unexpected.has(wireCase.name)),
    );
    outcomes.set(name, new Map([...before, ...again]));
  }
}

function toColumn(all: ReadonlyMap<string, ResponseOutcome>): Column {
  return new Map([...all].map(([name, outcome]) => [name, describeResponseOutcome(outcome)]));
}

function check(wireCase: WireCase): void {
  const ours = outcomes.get("fairlead")?.get(wireCase.name);
  if (ours === undefined) throw new Error(`our proxy has not been given "${wireCase.name}"`);
  const { verdict, bytes, options } = wireCase;
  // Whatever an upstream sends is its own request's alone.
  expect(ours.next).toBe("200 ok");
  expect(differentResponseReadings(ours)).toEqual([]);
  if (verdict === "invalid") {
    expect(ours.status).toSatisfy((status) => status === 502 || status === 503);
    expect(ours.rest).toBe("nothing");
  }
  if (verdict === "invalid-body") expect(ours.status === undefined || ours.status >= 500).toBe(true);
  if (verdict === "valid") {
    const { messages } = readResponses(bytes, STRICT, [ours.method], options["then"] === "close");
    const final = messages.at(-1);
    expect({ status: ours.status, body: ours.body }).toEqual({ status: Number(final?.start.split(" ")[1]), body: final?.body });
  }
  const agreed = agreementOfPeers(wireCase);
  if (agreed !== undefined && verdict === "free") expect(meaningOfResponse(ours)).toBe(agreed);
}

/** What all three peers give to the client, where they give the same. */
function agreementOfPeers({ name }: WireCase): string | undefined {
  const theirs = PEERS.map((peer) => outcomes.get(peer)?.get(name));
  const [meaning, ...others] = new Set(theirs.map((outcome) => outcome && meaningOfResponse(outcome)));
  return others.length === 0 && theirs.every((outcome) => outcome?.status !== undefined && outcome.status !== 502) ? meaning : undefined;
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

test.for(PEERS)("%s takes part, in the version of the table", (name, { skip }) => {
  const obstacle = golden.obstacle(name);
  if (obstacle !== undefined) skip(obstacle);
  expect(outcomes.get(name)?.size).toBe(cases.length);
});

test("what every proxy makes of a response is as the table says", async () => {
  const columns = new Map([...outcomes].map(([proxy, all]) => [proxy, toColumn(all)]));
  await expect(
    golden.render(
      cases.map(({ name }) => name),
      columns,
    ),
  ).toMatchFileSnapshot(golden.path);
});
