import { CANARY, type Running, type Topology } from "./contenders/contender.ts";
import { foreignShare, readCpu, readCpuTime } from "./cpu.ts";
import { runLoad } from "./load/load.ts";
import type { Scenario } from "./scenarios.ts";

/** One contender under one scenario in one round. */
export interface Measurement {
  readonly scenario: string;
  readonly contender: string;
  readonly round: number;
  /** CPU time of the contender's processes for each answered request, microseconds. */
  readonly cpuUsPerRequest: number;
  /** Part of it in user mode, 0 to 1, by ticks. */
  readonly userShare: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly non2xx: number;
  readonly socketErrors: number;
  /** Part of the measured CPU's time, 0 to 1, that went to others: above a few percent the numbers tell about them too. */
  readonly foreignShare: number;
}

export interface MeasureOptions {
  readonly scenario: Scenario;
  readonly contender: Running;
  readonly round: number;
  readonly seconds: number;
  readonly loadCpu: number;
  readonly proxyCpu: number;
}

const WARM_UP_SECONDS = 1;

/** Warms the contender up, then measures it. */
export async function measure({ scenario, contender, round, seconds, loadCpu, proxyCpu }: MeasureOptions): Promise<Measurement> {
  const target = contender.targets[scenario.topology];
  if (target === undefined) throw new Error(`${contender.name} does not serve ${scenario.topology}`);
  const pids = contender.pids(scenario.topology);
  await runLoad({ scenario, target, seconds: WARM_UP_SECONDS, cpu: loadCpu });
  const cpuBefore = readCpuTime(proxyCpu);
  const before = readCpu(pids);
  const load = await runLoad({ scenario, target, seconds: seconds * (scenario.stretch ?? 1), cpu: loadCpu });
  const after = readCpu(pids);
  const cpuAfter = readCpuTime(proxyCpu);
  const user = after.userTicks - before.userTicks;
  const kernel = after.kernelTicks - before.kernelTicks;
  return {
    scenario: scenario.name,
    contender: contender.name,
    round,
    cpuUsPerRequest: (after.runNs - before.runNs) / 1000 / load.requests,
    userShare: user + kernel === 0 ? 0 : user / (user + kernel),
    requestsPerSecond: load.requests / load.seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    p999Ms: load.p999Ms,
    non2xx: load.non2xx,
    socketErrors: load.socketErrors,
    // The canary runs on the other CPU.
    foreignShare: foreignShare(cpuBefore, cpuAfter, contender.name === CANARY ? 0 : after.runNs - before.runNs),
  };
}

/** The contenders in the order of a round: each round another one begins. */
export function rotate<Item>(items: readonly Item[], round: number): readonly Item[] {
  const shift = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(shift), ...items.slice(0, shift)];
}

export function servesTopology(contender: Running, topology: Topology): boolean {
  return contender.targets[topology] !== undefined;
}
