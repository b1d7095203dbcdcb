import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPaths, toReadable } from "./corpus.ts";
import { Golden } from "./golden.ts";
import { runPaths } from "./path-outcome.ts";
import { type ProxyName, type RunningProxy, startProxies } from "./proxies.ts";
import { type Normalization, NORMALIZATIONS } from "./xds.ts";

/** Where we differ from Envoy, under any normalization but NONE, and what we do instead. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "a path that leads above the root is refused": ["/..", "/../", "/a/../../b", "/../a", "/%2e%2e/a", "/..%2fa"],
  "a path of two slashes alone is one slash": ["//"],
  "a dot segment with a parameter is one however its dots are written": ["/a/%2e%2e;/b"],
};

type Targets = ReadonlyMap<Normalization, ReadonlyMap<string, string>>;

const paths = readPaths("paths.txt");
const golden = new Golden("what-every-normalization-makes-of-a-path.txt", ["envoy"]);
const targets = new Map<ProxyName, Targets>();
const proxies: RunningProxy[] = [];

beforeAll(async () => {
  proxies.push(...(await startProxies(golden.present(), NORMALIZATIONS)));
  await Promise.all(proxies.map(async (proxy) => targets.set(proxy.name, await runPaths(proxy, paths))));
});
afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
});

function targetsOf(proxy: ProxyName, path: string): readonly string[] {
  return NORMALIZATIONS.map((normalization) => `${normalization} ${targets.get(proxy)?.get(normalization)?.get(path) ?? "(not asked)"}`);
}

const obstacle = golden.obstacle("envoy");
const known = new Set(Object.values(KNOWN).flat());

describe.skipIf(obstacle !== undefined)(
  `the upstream gets the target that Envoy gives it, under every normalization${obstacle === undefined ? "" : ` (${obstacle})`}`,
  () => {
    test.for(paths.filter((path) => !known.has(path)))("%s", (path) => {
      expect(targetsOf("fairlead", path)).toEqual(targetsOf("envoy", path));
    });

    test.for(Object.entries(KNOWN))("but %s", ([, differing]) => {
      for (const path of differing)
        expect(targetsOf("fairlead", path), `${path} is no longer a difference`).not.toEqual(targetsOf("envoy", path));
    });
  },
);

test("a path that we change is not changed again", async () => {
  const [ours] = proxies;
  const results = targets.get("fairlead");
  if (ours === undefined || results === undefined) throw new Error("our proxy does not run");
  const lanes = new Map(ours.lanes.map((lane) => [lane.normalization, lane]));
  for (const normalization of ["BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const) {
    const once = [...(results.get(normalization)?.values() ?? [])].filter(
      (target) => target.startsWith("/") && !target.includes("\\") && !target.includes("?"),
    );
    const lane = lanes.get(normalization);
    const twice = await runPaths({ ...ours, lanes: lane === undefined ? [] : [lane] }, once);
    expect(Object.fromEntries(twice.get(normalization) ?? [])).toEqual(Object.fromEntries(once.map((target) => [target, target])));
  }
});

test("what every normalization makes of a path is as the table says", async () => {
  const columns = new Map(
    [...targets.keys()].map((proxy) => [proxy, new Map(paths.map((path) => [toReadable(path), targetsOf(proxy, path).join("   ")]))]),
  );
  await expect(
    golden.render(
      paths.map((path) => toReadable(path)),
      columns,
    ),
  ).toMatchFileSnapshot(golden.path);
});
