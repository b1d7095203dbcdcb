import { readdirSync, readFileSync } from "node:fs";

/** What processes have used since they began. */
export interface CpuUse {
  /** Time on a CPU by the scheduler's own account: the first field of /proc/PID/task/TID/schedstat, nanoseconds. */
  readonly runNs: number;
  /** The same by ticks, apart for user and kernel (fields 14 and 15 of /proc/PID/stat); good for their relation only. */
  readonly userTicks: number;
  readonly kernelTicks: number;
}

/** What a CPU did since the machine began, in ticks of 10 ms. */
export interface CpuTime {
  /** Everything but idling, what the hypervisor took away included. */
  readonly busyTicks: number;
  readonly totalTicks: number;
}

const TICK_NS = 10_000_000;

export interface Memory {
  readonly residentKb: number;
  /** Resident, pages shared with others counted in part. */
  readonly proportionalKb: number;
}

export function readCpu(pids: readonly number[]): CpuUse {
  let runNs = 0;
  let userTicks = 0;
  let kernelTicks = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) runNs += readThread(pid, thread);
    const [user = 0, kernel = 0] = statFields(readFileSync(`/proc/${pid}/stat`, "utf8"));
    userTicks += user;
    kernelTicks += kernel;
  }
  return { runNs, userTicks, kernelTicks };
}

export function readCpuTime(cpu: number): CpuTime {
  const line = readFileSync("/proc/stat", "utf8")
    .split("\n")
    .find((text) => text.startsWith(`cpu${cpu} `));
  // user nice system idle iowait irq softirq steal; guest time is part of user time already.
  const ticks = (line ?? "").split(" ").slice(1, 9).map(Number);
  const totalTicks = ticks.reduce((sum, value) => sum + value, 0);
  return { totalTicks, busyTicks: totalTicks - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

/** Part of a CPU's time, 0 to 1, in which it was busy with something else than `runNs` of work. */
export function foreignShare(before: CpuTime, after: CpuTime, runNs: number): number {
  const total = after.totalTicks - before.totalTicks;
  return total === 0 ? 0 : Math.max(0, after.busyTicks - before.busyTicks - runNs / TICK_NS) / total;
}

export function readMemory(pids: readonly number[]): Memory {
  const texts = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  const sum = (name: string): number =>
    texts.reduce((total, text) => total + Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0), 0);
  return { residentKb: sum("Rss"), proportionalKb: sum("Pss") };
}

function readThread(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    // The thread ended between the two reads.
    return 0;
  }
}

/** User and kernel ticks; the program's name before them may hold blanks and parentheses. */
export function statFields(stat: string): readonly number[] {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[11]), Number(fields[12])];
}
