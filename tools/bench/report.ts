import { CANARY, OURS, type Running } from "./contenders/contender.ts";
import type { Memory } from "./cpu.ts";
import type { Footprint } from "./footprint/memory.ts";
import type { UpdateMeasurement } from "./footprint/updates.ts";
import type { LoadResult } from "./load/load.ts";
import type { Measurement } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import { createRandom, type Estimate, estimateMedian, median } from "./statistics.ts";

/** Everything a run found out. */
export interface BenchResult {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly Running[];
  /** Why contenders take no part. */
  readonly missing: readonly string[];
  /** Scenarios that were asked for and cannot be measured here, each with the reason. */
  readonly skipped: readonly string[];
  readonly measurements: readonly Measurement[];
  readonly memory: readonly MemoryMeasurement[];
  readonly footprints: readonly Footprint[];
  readonly updates: readonly UpdateMeasurement[];
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Machine;
  /** Requests that Mixer counted at the backend's sidecar; undefined where ours did not run. */
  readonly reportedRequests: number | undefined;
}

export interface MemoryMeasurement {
  readonly contender: string;
  readonly topology: Scenario["topology"];
  readonly idle: Memory;
  readonly afterLoad: Memory;
}

export interface Machine {
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly date: string;
}

/** What the project wants to reach: CPU per request against a peer, in a scenario. */
const TARGETS = [
  { scenario: "plain", peer: "haproxy", ratio: 1.0 },
  { scenario: "plain", peer: "envoy", ratio: 0.45 },
  { scenario: "plain-1000", peer: "haproxy", ratio: 1.0 },
  { scenario: "plain-1000", peer: "envoy", ratio: 0.45 },
  { scenario: "plain-5000", peer: "haproxy", ratio: 1.0 },
  { scenario: "plain-5000", peer: "envoy", ratio: 0.45 },
  { scenario: "mtls", peer: "envoy", ratio: 0.35 },
  { scenario: "mtls-1000", peer: "envoy", ratio: 0.35 },
  { scenario: "h2", peer: "nghttpx", ratio: 1.2 },
  { scenario: "h2", peer: "envoy", ratio: 0.4 },
  { scenario: "h2-single", peer: "nghttpx", ratio: 1.2 },
  { scenario: "h2-single", peer: "envoy", ratio: 0.4 },
  { scenario: "grpc", peer: "envoy", ratio: 0.35 },
  { scenario: "tcp", peer: "haproxy", ratio: 1.0 },
  { scenario: "tcp-mtls", peer: "envoy", ratio: 0.7 },
  { scenario: "handshake", peer: "envoy", ratio: 0.67 },
] as const;

/** Where ours is to answer sooner than each peer, on average and in the tail. */
const LATENCY_TARGETS = ["plain-1000", "mtls-1000"];
const PERCENTILES = [
  { title: "p50", of: (each: Measurement) => each.p50Ms },
  { title: "p99", of: (each: Measurement) => each.p99Ms },
  { title: "p99.9", of: (each: Measurement) => each.p999Ms },
] as const;

const SEED = 20_26;

interface Line {
  readonly contender: Running;
  readonly cpuUs: Estimate;
  readonly userShare: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Ours divided by this contender's CPU per request, round by round; undefined for ours, the canary, or where one of the two is missing. */
  readonly ratio: Estimate | undefined;
}

/** A contender's measurements in a scenario, in the order of the rounds. */
function roundsOf(result: BenchResult, scenario: string, contender: string): readonly Measurement[] {
  return result.measurements
    .filter((each) => each.scenario === scenario && each.contender === contender)
    .toSorted((a, b) => a.round - b.round);
}

/** Compares ours with a peer's in each round that has both. */
function compareRounds(
  ours: readonly Measurement[],
  peers: readonly Measurement[],
  compare: (own: Measurement, peer: Measurement) => number,
): readonly number[] {
  return ours.flatMap((own) => {
    const peer = peers.find((each) => each.round === own.round);
    return peer === undefined ? [] : [compare(own, peer)];
  });
}

/** One scenario's table. */
export function summarize(result: BenchResult, scenario: Scenario): readonly Line[] {
  const random = createRandom(SEED);
  const ours = roundsOf(result, scenario.name, OURS);
  return result.contenders.flatMap((contender) => {
    const rounds = roundsOf(result, scenario.name, contender.name);
    if (rounds.length === 0) return [];
    const ratios = compareRounds(ours, rounds, (own, peer) => own.cpuUsPerRequest / peer.cpuUsPerRequest);
    const isCompared = contender.name !== OURS && contender.name !== CANARY && ratios.length > 0;
    const middle = (pick: (each: Measurement) => number): number => median(rounds.map(pick));
    return [
      {
        contender,
        cpuUs: estimateMedian(
          rounds.map((each) => each.cpuUsPerRequest),
          random,
        ),
        userShare: middle((each) => each.userShare),
        requestsPerSecond: middle((each) => each.requestsPerSecond),
        p50Ms: middle((each) => each.p50Ms),
        p99Ms: middle((each) => each.p99Ms),
        p999Ms: middle((each) => each.p999Ms),
        ratio: isCompared ? estimateMedian(ratios, random) : undefined,
      },
    ];
  });
}

/** Measurements in which not every request was answered with 2xx: these void a comparison of equal work. */
export function findFaults(result: BenchResult): readonly string[] {
  return result.measurements
    .filter((each) => each.non2xx > 0 || each.socketErrors > 0)
    .map(
      (each) =>
        `${each.scenario}, ${each.contender}, round ${each.round + 1}: ${each.non2xx} answers other than 2xx, ${each.socketErrors} socket errors`,
    );
}

/** The table for the terminal. */
export function renderText(result: BenchResult): string {
  const parts = result.scenarios.map(
    (scenario) => `${scenario.title}\n${renderTable(cells(summarize(result, scenario), scenario), "text")}`,
  );
  const memory = `Memory, MB\n${renderTable(memoryCells(result), "text")}`;
  const footprint = `Memory by what it grows with\n${renderTable(footprintCells(result), "text")}`;
  const updates = `Requests while the configuration changes\n${renderTable(updateCells(result), "text")}`;
  return [
    ...parts,
    memory,
    ...(result.footprints.length === 0 ? [] : [footprint]),
    ...(result.updates.length === 0 ? [] : [updates]),
    ...targetLines(result),
    ...result.missing.map((each) => `left out: ${each}`),
    ...result.skipped.map((each) => `skipped: ${each}`),
    ...findFaults(result).map((each) => `FAULT: ${each}`),
  ].join("\n\n");
}

/** The report as Markdown. */
export function renderMarkdown(result: BenchResult): string {
  const { machine } = result;
  const faults = findFaults(result);
  return `# Performance

Written by \`npm run bench\` on ${machine.date}; run it again to check it.

${machine.cpuCount} CPUs (${machine.cpuModel}), ${machine.memoryGb} GB, Linux ${machine.kernel}, Node ${machine.node}. ${result.rounds} rounds of ${result.seconds} s for every
contender and scenario, interleaved: each round measures all of them, and each round another one begins. Bytes over TCP (the kernel takes seconds to find out how fast a connection is) and 1,000
requests per second (for the tails) are measured three times as long.

## How it is measured

- Client and backend share one CPU, the measured proxy (or pair of proxies) has another to itself. All speak over loopback. The control plane runs beside the client at a lower priority: it would be on another machine.
- The client sends \`GET\` requests; the backend answers 1,024 bytes. gRPC: 16 bytes to nghttpd, which answers 16 bytes and trailers. Saturated: wrk, or h2load for HTTP/2, one thread, a closed
  loop over kept connections; bytes through a pair and handshakes: clients of ours. At a given rate: a client of ours that sends when a request is due, whatever came back so far, over 64 kept connections; latency counts from then.
- Over HTTP/2 only the client's side speaks it: the backend gets HTTP/1.1. Bytes over TCP are answers of 1 MiB, and CPU time is counted for each GiB.
- **CPU per request** is the time that all threads of the contender's processes ran, by the scheduler's own account (\`/proc/PID/task/TID/schedstat\`),
  divided by the requests answered. What the kernel does for a proxy in its system calls is in it; so is loopback's delivery to the other end.
- **user** is the share of it in user mode, by ticks. **Ratio** is ours divided by the peer's CPU per request, round by round: the median of these, and
  the range that holds it in 95 of 100 resamplings (bootstrap). Below 1 ours is cheaper.
- Each measurement follows a second of warming up. ${faults.length === 0 ? "Every request of every measurement was answered with 2xx." : "Not every request was answered with 2xx; see the end."}
- Of the measured CPU's time ${disturbance(result)} went to others than the proxy, interrupts and the hypervisor included.
- Latency at saturation tells how long the queue is, not how fast a proxy is; read it at the given rates.

${result.contenders.map((each) => `- **${each.title}** ${each.version}: ${each.configuration}.`).join("\n")}
${result.missing.map((each) => `- Left out: ${each}.\n`).join("")}${result.skipped.map((each) => `- Skipped: ${each}.\n`).join("")}${result.reportedRequests === undefined ? "" : `\nMixer counted ${result.reportedRequests.toLocaleString("en")} requests at the backend's sidecar during this run.\n`}
${result.scenarios.map((scenario) => `## ${scenario.title}\n\n${renderTable(cells(summarize(result, scenario), scenario), "markdown")}`).join("\n\n")}

## Memory

Megabytes, before the first request and after the last measurement; PSS counts pages that processes share in part. A pair is the sum of both proxies.

${renderTable(memoryCells(result), "markdown")}

${result.footprints.length === 0 ? "" : footprintSection(result)}${result.updates.length === 0 ? "" : updateSection(result)}## Targets

${targetLines(result)
  .map((line) => `- ${line}`)
  .join("\n")}
${faults.length === 0 ? "" : `\n## Faults\n\n${faults.map((each) => `- ${each}`).join("\n")}\n`}`;
}

function cells(lines: readonly Line[], { carriedBytes }: Scenario): readonly (readonly string[])[] {
  const [unit, factor, digits] = carriedBytes === undefined ? ["µs/request", 1, 1] : ["s/GiB", 2 ** 30 / carriedBytes / 1e6, 3];
  return [
    ["", `CPU ${unit}`, "95 %", "user", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "ours / it", "95 %"],
    ...lines.map(({ contender, cpuUs, userShare, requestsPerSecond, p50Ms, p99Ms, p999Ms, ratio }) => [
      contender.title,
      (cpuUs.median * factor).toFixed(digits),
      range({ median: cpuUs.median * factor, low: cpuUs.low * factor, high: cpuUs.high * factor }, digits),
      `${Math.round(userShare * 100)} %`,
      Math.round(requestsPerSecond).toLocaleString("en"),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      p999Ms.toFixed(2),
      ratio === undefined ? "" : ratio.median.toFixed(2),
      ratio === undefined ? "" : range(ratio, 2),
    ]),
  ];
}

function memoryCells(result: BenchResult): readonly (readonly string[])[] {
  return [
    ["", "", "RSS idle", "PSS idle", "RSS after load", "PSS after load"],
    ...result.memory.map(({ contender, topology, idle, afterLoad }) => [
      result.contenders.find((each) => each.name === contender)?.title ?? contender,
      topology === "single" ? "one proxy" : "pair",
      mb(idle.residentKb),
      mb(idle.proportionalKb),
      mb(afterLoad.residentKb),
      mb(afterLoad.proportionalKb),
    ]),
  ];
}

function footprintSection(result: BenchResult): string {
  return `## Memory by what it grows with

Proportional set size of a process with one worker: ours with the library (JavaScript's heap included, collected once), Envoy with a static bootstrap. Each
line is the growth of a process from the smallest configuration, divided by how much there is more of it: 2,000 clusters of one endpoint, 20,000 endpoints of
one cluster, 5,000 routes to two weighted clusters, 1,000 connections that have served a request each.

${renderTable(footprintCells(result), "markdown")}

`;
}

function footprintCells({ footprints }: BenchResult): readonly (readonly string[])[] {
  const row = (what: string, cell: (each: Footprint) => string): readonly string[] => [what, ...footprints.map(cell)];
  return [
    row("", (each) => each.contender),
    row("idle, MB", (each) => (each.idleKb / 1024).toFixed(1)),
    row("of that the process without a proxy (Node.js), MB", (each) => (each.emptyKb / 1024).toFixed(1)),
    row("of that taken by the engine, MB", ({ engine }) => (engine === undefined ? "" : (engine.idleBytes / 2 ** 20).toFixed(1))),
    row("1,000 idle connections, MB", (each) => (each.perThousandConnectionsKb / 1024).toFixed(1)),
    row("1,000 idle connections of mutual TLS, MB", (each) => (each.perThousandTlsConnectionsKb / 1024).toFixed(1)),
    row("a cluster, bytes", (each) => each.perClusterBytes.toFixed(0)),
    row("an endpoint, bytes", (each) => each.perEndpointBytes.toFixed(0)),
    row("a route, bytes", (each) => each.perRouteBytes.toFixed(0)),
    row("a cluster, bytes of the engine", ({ engine }) => engine?.perClusterBytes.toFixed(0) ?? ""),
    row("an endpoint, bytes of the engine", ({ engine }) => engine?.perEndpointBytes.toFixed(0) ?? ""),
    row("a route, bytes of the engine", ({ engine }) => engine?.perRouteBytes.toFixed(0) ?? ""),
  ];
}

function updateSection(result: BenchResult): string {
  return `## Requests while the configuration changes

64 connections, saturated, to 100 routes whose weights all change with each update: ours by the library's \`apply\`, Envoy's by a file of routes (RDS). Twenty-five turns of each, one after the other; latencies are the medians of
the turns', and the last column is the p99.9 of a turn with updates by that of the turn before.

${renderTable(updateCells(result), "markdown")}

`;
}

function updateCells({ updates }: BenchResult): readonly (readonly string[])[] {
  return [
    ["", "", "requests", "failed", "p50 ms", "p99 ms", "p99.9 ms", "p99.9 / steady"],
    ...updates.flatMap((measured) => [
      [measured.contender, "steady", ...loadCells(measured.steady), ""],
      [
        measured.contender,
        `${measured.updates.toLocaleString("en")} updates`,
        ...loadCells(measured.changing),
        formatEstimate(tailRatio(measured)),
      ],
    ]),
  ];
}

function loadCells(turns: readonly LoadResult[]): readonly string[] {
  const sum = (of: (load: LoadResult) => number): string => turns.reduce((total, load) => total + of(load), 0).toLocaleString("en");
  return [
    sum((load) => load.requests),
    sum((load) => load.non2xx + load.socketErrors),
    ...[(load: LoadResult) => load.p50Ms, (load: LoadResult) => load.p99Ms, (load: LoadResult) => load.p999Ms].map((of) =>
      median(turns.map(of)).toFixed(2),
    ),
  ];
}

/** How much longer the slowest thousandth of the requests takes while the configuration changes. */
function tailRatio({ steady, changing }: UpdateMeasurement): Estimate {
  const ratios = changing.map((load, turn) => load.p999Ms / (steady[turn]?.p999Ms ?? Number.NaN));
  return estimateMedian(ratios, createRandom(SEED));
}

function formatEstimate(estimate: Estimate): string {
  return `${estimate.median.toFixed(2)} (${range(estimate, 2)})`;
}

function mb(kb: number): string {
  return (kb / 1024).toFixed(0);
}

/** `1 % (at most 4 %)`: over all measurements of a proxy. */
function disturbance(result: BenchResult): string {
  const shares = result.measurements.filter((each) => each.contender !== CANARY).map((each) => each.foreignShare * 100);
  return shares.length === 0 ? "nothing" : `${median(shares).toFixed(1)} % (at most ${Math.max(...shares).toFixed(1)} %)`;
}

/** Ours, beside the target of the slowest thousandth while the configuration changes. */
const TAIL_TARGET = 1.2;

function tailLines({ updates }: BenchResult): readonly string[] {
  return updates
    .filter(({ contender }) => contender === OURS)
    .map((measured) => {
      const ratio = tailRatio(measured);
      const outcome = ratio.median <= TAIL_TARGET ? "reached" : "not reached";
      return `p99.9 while the configuration changes: at most ${TAIL_TARGET} × steady: ${formatEstimate(ratio)}, ${outcome}`;
    });
}

function targetLines(result: BenchResult): readonly string[] {
  const ratios = TARGETS.flatMap((target) => {
    const scenario = result.scenarios.find((each) => each.name === target.scenario);
    if (scenario === undefined) return [];
    const ratio = summarize(result, scenario).find((line) => line.contender.name === target.peer)?.ratio;
    const wish = `${scenario.title}: at most ${target.ratio} × ${target.peer}`;
    if (ratio === undefined)
      return [`${wish}: skipped, ${result.missing.find((each) => each.startsWith(`${target.peer} `)) ?? "as not both were measured"}`];
    return [`${wish}: ${formatEstimate(ratio)}, ${ratio.median <= target.ratio ? "reached" : "not reached"}`];
  });
  return [...ratios, ...latencyLines(result), ...tailLines(result)];
}

/** Milliseconds by which ours is later than each peer (below 0: sooner), round by round. */
function latencyLines(result: BenchResult): readonly string[] {
  return result.scenarios
    .filter(({ name }) => LATENCY_TARGETS.includes(name))
    .flatMap((scenario) => {
      const ours = roundsOf(result, scenario.name, OURS);
      return result.contenders
        .filter(({ name }) => name !== OURS && name !== CANARY)
        .flatMap(({ name }) => {
          const peers = roundsOf(result, scenario.name, name);
          const later = PERCENTILES.map(({ title, of }) => ({
            title,
            ms: estimateMedian(
              compareRounds(ours, peers, (own, peer) => of(own) - of(peer)),
              createRandom(SEED),
            ),
          }));
          if (later.some(({ ms }) => Number.isNaN(ms.median))) return [];
          const missed = later.filter(({ ms }) => ms.median > 0).map(({ title }) => title);
          const outcome = missed.length === 0 ? "reached" : `not reached at ${missed.join(", ")}`;
          const differences = later.map(({ title, ms }) => `${title} ${formatEstimate(ms)}`).join(", ");
          return [`${scenario.title}: latency below ${name}'s, difference in ms: ${differences}: ${outcome}`];
        });
    });
}

function range(estimate: Estimate, digits: number): string {
  const [low, high] = [estimate.low.toFixed(digits), estimate.high.toFixed(digits)];
  return estimate.low < 0 ? `${low} to ${high}` : `${low}–${high}`;
}

function renderTable(rows: readonly (readonly string[])[], form: "text" | "markdown"): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? "").length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const lines = rows.map((row) => row.map(pad));
  if (form === "text") return lines.map((line) => `  ${line.join("  ")}`.trimEnd()).join("\n");
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [lines[0] ?? [], rule, ...lines.slice(1)].map((line) => `| ${line.join(" | ")} |`).join("\n");
}
