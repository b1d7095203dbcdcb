import type { MixerClient } from "@fairlead/cli";
import { sleep, systemClock } from "@fairlead/kit";
import type { LoadSummary } from "@fairlead/testkit";
import { until } from "@fairlead/testkit";
import type { ScenarioResult } from "./scenario.ts";
import type { Traffic } from "./traffic.ts";

/** A line of the table: what the application saw, what Mixer says, whether that is as it should be. */
export interface Check {
  readonly what: string;
  readonly application: string;
  readonly mixer: string;
  readonly isGood: boolean;
}

/** Counts of one kind of request on both sides. */
interface MixerCounts {
  /** Requests that the gateway sent to productpage. */
  readonly entered: number;
  readonly byVersion: ReadonlyMap<string, number>;
  readonly aborted: number;
  /** As productpage's proxy saw it, and as details' own. */
  readonly denied: number;
  readonly deniedAtDestination: number;
  readonly total: number;
  readonly totalOverMtls: number;
}

/** Longest time from a request to its appearance in Mixer's answers. */
const CATCH_UP_MS = 20_000;
/** Percentage points that a random split of a few hundred requests may be off. */
const SPLIT_TOLERANCE = 6;
const WANTED_SHARE = 80;

/** Compares what traffic saw with what the telemetry API answers, once Mixer has heard all of it. */
export async function compareWithMixer(run: {
  readonly traffic: Traffic;
  readonly summary: LoadSummary;
  readonly scenario: ScenarioResult;
  readonly mixer: MixerClient;
}): Promise<readonly Check[]> {
  const { traffic, summary, scenario, mixer } = run;
  const { observations } = traffic;
  const answered = observations.filter(({ status }) => status > 0).length;
  // Counts arrive within seconds; when they do not agree by then, they are shown as they are.
  let counts = await countInMixer(mixer);
  await until("mixer has counted every request", async () => (counts = await countInMixer(mixer)).entered >= answered, {
    timeoutMs: CATCH_UP_MS,
    intervalMs: 250,
  }).catch(() => undefined);
  await until(
    "mixer's counts rest",
    async () => {
      // Proxies report once a second, each at its own time: an earlier look could find a pause between two of them.
      await sleep(systemClock, 1_500);
      const next = await countInMixer(mixer);
      const rests = next.total === counts.total && next.denied === counts.denied;
      counts = next;
      return rests;
    },
    { timeoutMs: CATCH_UP_MS, intervalMs: 0 },
  );

  const of = (condition: (observation: (typeof observations)[number]) => boolean): number => observations.filter(condition).length;
  const equal = (what: string, application: number, mixerCount: number): Check => ({
    what,
    application: count(application),
    mixer: count(mixerCount),
    isGood: application === mixerCount,
  });
  const share = (100 * scenario.shifted.v1) / Math.max(1, scenario.shifted.v1 + scenario.shifted.v3);
  const aborted = of(({ details }) => details === 555);
  const denied = of(({ details }) => details === 403);
  return [
    { what: "requests sent", application: count(summary.sent), mixer: count(counts.entered), isGood: summary.sent === counts.entered },
    {
      what: "succeeded",
      application: count(summary.sent - traffic.unexpectedCount),
      mixer: "",
      isGood: summary.sent - traffic.unexpectedCount === summary.sent,
    },
    { what: "failed unexpectedly", application: count(traffic.unexpectedCount), mixer: "", isGood: traffic.unexpectedCount === 0 },
    equal(
      "answered by reviews v1",
      of(({ version }) => version === "v1"),
      counts.byVersion.get("v1") ?? 0,
    ),
    equal(
      "answered by reviews v3",
      of(({ version }) => version === "v3"),
      counts.byVersion.get("v3") ?? 0,
    ),
    {
      what: "split v1/v3 while 80/20 was asked for",
      application: `${share.toFixed(1)}/${(100 - share).toFixed(1)}`,
      mixer: "",
      isGood: Math.abs(share - WANTED_SHARE) <= SPLIT_TOLERANCE,
    },
    { ...equal("aborted by the injected fault", aborted, counts.aborted), isGood: aborted === counts.aborted && aborted > 0 },
    { ...equal("denied (as the caller's proxy saw it)", denied, counts.denied), isGood: denied === counts.denied && denied > 0 },
    equal("denied (as details' proxy saw it)", denied, counts.deniedAtDestination),
    {
      what: "inside the mesh over mutual TLS",
      application: "",
      mixer: `${((100 * counts.totalOverMtls) / Math.max(1, counts.total)).toFixed(counts.totalOverMtls === counts.total ? 0 : 3)} %`,
      isGood: counts.total > 0 && counts.totalOverMtls === counts.total,
    },
    {
      what: "certificates rotated",
      application: `${scenario.rotatedCertificates} of ${scenario.proxies}`,
      mixer: "",
      isGood: scenario.rotatedCertificates === scenario.proxies,
    },
    { what: "restarts of Pilot", application: count(scenario.pilotRestarts), mixer: "", isGood: scenario.pilotRestarts === 1 },
  ];
}

async function countInMixer(mixer: MixerClient): Promise<MixerCounts> {
  const ask = (query: Parameters<MixerClient["requests"]>[0]): ReturnType<MixerClient["requests"]> =>
    mixer.requests({ window: "15m", ...query });
  const [entered, versions, aborted, denied, deniedAtDestination, security] = await Promise.all([
    ask({ reporter: "source", source: "ingressgateway", groupBy: "" }),
    ask({ reporter: "source", destination: "reviews", groupBy: "destinationVersion" }),
    ask({ reporter: "source", source: "productpage", code: "555", groupBy: "" }),
    ask({ reporter: "source", destination: "details", code: "403", groupBy: "" }),
    ask({ reporter: "destination", destination: "details", code: "403", groupBy: "" }),
    ask({ reporter: "destination", groupBy: "security" }),
  ]);
  return {
    entered: sum(entered.rows),
    byVersion: new Map(versions.rows.map((row) => [row.labels.destinationVersion ?? "", row.count])),
    aborted: sum(aborted.rows),
    denied: sum(denied.rows),
    deniedAtDestination: sum(deniedAtDestination.rows),
    total: sum(security.rows),
    totalOverMtls: sum(security.rows.filter((row) => row.labels.security === "mutual_tls")),
  };
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function sum(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((total, row) => total + row.count, 0);
}
