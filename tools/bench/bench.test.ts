import { describe, expect, test } from "vitest";
import { OURS, type Running } from "./contenders/contender.ts";
import { foreignShare, statFields } from "./cpu.ts";
import type { UpdateMeasurement } from "./footprint/updates.ts";
import { parseH2load } from "./load/http2.ts";
import { rotate } from "./measure.ts";
import { parseOptions } from "./options.ts";
import { type BenchResult, renderText } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import { createRandom, estimateMedian, median } from "./statistics.ts";

describe("the statistics", () => {
  test("take the middle, or the mean of the two middle ones", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("give a range that holds the median and shrinks as rounds agree", () => {
    const random = createRandom(1);
    const noisy = estimateMedian([0.8, 0.9, 1, 1.1, 1.2, 1.3, 0.7], random);
    const calm = estimateMedian([0.99, 1, 1.01, 1, 1, 0.99, 1.01], random);
    expect(noisy.low).toBeLessThanOrEqual(noisy.median);
    expect(noisy.high).toBeGreaterThanOrEqual(noisy.median);
    expect(calm.high - calm.low).toBeLessThan(noisy.high - noisy.low);
  });

  test("repeat themselves with the same seed", () => {
    const values = [1, 5, 2, 8, 3];
    expect(estimateMedian(values, createRandom(7))).toEqual(estimateMedian(values, createRandom(7)));
  });
});

test("every contender begins a round in its turn", () => {
  expect([0, 1, 2, 3].map((round) => rotate(["a", "b", "c"], round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
});

test("user and kernel time are found behind a program name with blanks and parentheses", () => {
  expect(statFields("7 (my (odd) name) S 1 7 7 0 -1 4194304 100 0 0 0 250 125 0 0 20 0 5 0 100")).toEqual([250, 125]);
});

test("what others took of a CPU is what is busy beyond the contender's own time", () => {
  const before = { busyTicks: 1000, totalTicks: 2000 };
  const after = { busyTicks: 1090, totalTicks: 2100 };
  expect(foreignShare(before, after, 800_000_000)).toBeCloseTo(0.1);
  expect(foreignShare(before, after, 950_000_000)).toBe(0);
});

test("options name what is wrong with them", () => {
  expect(() => parseOptions(["--rounds", "0"])).toThrow('--rounds must be a whole number of at least 1, got "0"');
  expect(() => parseOptions(["--scenarios", "plain,fancy"])).toThrow('"fancy" is none of plain, plain-1000');
  expect(parseOptions(["--quick"])).toMatchObject({ rounds: 3, seconds: 2, output: undefined });
});

test("what h2load prints and logs becomes a result like any other", () => {
  const output = `finished in 5.00s, 20.00 req/s, 1MB/s
requests: 104 total, 105 started, 104 done, 97 succeeded, 7 failed, 3 errored, 0 timeout
status codes: 96 2xx, 1 3xx, 2 4xx, 2 5xx
`;
  const log = Array.from({ length: 101 }, (_, index) => `1700000000000000\t200\t${(101 - index) * 1000}\n`).join("");
  expect(parseH2load(output, log, 5)).toEqual({
    requests: 101,
    seconds: 5,
    non2xx: 5,
    socketErrors: 3,
    p50Ms: 51,
    p99Ms: 100,
    p999Ms: 101,
  });
  expect(() => parseH2load("h2load: cannot connect", "", 5)).toThrow("h2load said nothing of done:\nh2load: cannot connect");
});

describe("the report", () => {
  const result: BenchResult = {
    scenarios: SCENARIOS.filter(({ name }) => name === "h2" || name === "tcp"),
    contenders: [contender("haproxy"), contender(OURS)],
    missing: ["nghttpx is not installed (Debian: apt install nghttp2-proxy)"],
    skipped: ["mtls: no reason"],
    measurements: [measured("h2", OURS, 20), measured("tcp", OURS, 300), measured("tcp", "haproxy", 400)],
    memory: [],
    footprints: [],
    updates: [],
    rounds: 1,
    seconds: 1,
    machine: { cpuModel: "", cpuCount: 2, memoryGb: 1, kernel: "", node: "", date: "" },
    reportedRequests: undefined,
  };

  test("counts CPU time for each GiB where bytes are carried", () => {
    expect(renderText(result)).toMatch(/CPU s\/GiB[\s\S]*haproxy +0\.410[\s\S]*fairlead +0\.307/);
    expect(renderText(result)).toContain("Bytes over TCP, 8 connections, saturated: at most 1 × haproxy: 0.75 (0.75–0.75), reached");
  });

  test("compares tails while the configuration changes with the turn before, turn by turn", () => {
    const steady = [turn(2, 10), turn(10, 10), turn(3, 10)];
    const changing = [turn(3, 5), turn(11, 6), turn(3, 7)];
    const text = renderText({ ...result, updates: [{ contender: OURS, updates: 30, steady, changing }] });
    expect(text).toMatch(/steady +30 +0 +1\.00 +2\.00 +3\.00/);
    expect(text).toMatch(/30 updates +18 +0 +1\.00 +2\.00 +3\.00 +1\.10 \(1\.00–1\.50\)/);
    expect(text).toContain("p99.9 while the configuration changes: at most 1.2 × steady: 1.10 (1.00–1.50), reached");
  });

  test("says why a target is not measured, and why a scenario is skipped", () => {
    expect(renderText(result)).toContain("at most 1.2 × nghttpx: skipped, nghttpx is not installed (Debian: apt install nghttp2-proxy)");
    expect(renderText(result)).toContain("skipped: mtls: no reason");
  });
});

function contender(name: string): Running {
  return {
    name,
    title: name,
    version: "1",
    targets: {},
    pids: () => [],
    configuration: "",
    stop: async () => undefined,
  };
}

function measured(scenario: string, name: string, cpuUsPerRequest: number): BenchResult["measurements"][number] {
  return {
    scenario,
    contender: name,
    round: 0,
    cpuUsPerRequest,
    userShare: 0.5,
    requestsPerSecond: 100,
    p50Ms: 1,
    p99Ms: 2,
    p999Ms: 3,
    non2xx: 0,
    socketErrors: 0,
    foreignShare: 0,
  };
}

function turn(p999Ms: number, requests: number): UpdateMeasurement["steady"][number] {
  return { requests, seconds: 1, non2xx: 0, socketErrors: 0, p50Ms: 1, p99Ms: 2, p999Ms };
}
