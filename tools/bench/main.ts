/** Benchmarks: our proxy beside HAProxy, nginx, nghttpx and Envoy. `npm run bench -- --help` says how. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { GRPC_BACKEND, startBackend } from "./contenders/backend.ts";
import { type Address, CONTENDER_NAMES, MissingContender, OURS, type Running, type StartOptions } from "./contenders/contender.ts";
import { startEnvoy } from "./contenders/envoy.ts";
import { countReported, startFairlead } from "./contenders/fairlead.ts";
import { startHaproxy } from "./contenders/haproxy.ts";
import { startNghttpx } from "./contenders/nghttpx.ts";
import { startNginx } from "./contenders/nginx.ts";
import { createTestCertificates } from "./certificates.ts";
import { type Memory, readMemory } from "./cpu.ts";
import { type Footprint, measureFootprint } from "./footprint/memory.ts";
import type { Places } from "./footprint/shape.ts";
import { measureUpdates, type UpdateMeasurement } from "./footprint/updates.ts";
import { type Measurement, measure, rotate, servesTopology } from "./measure.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { findFreePort, findProgram, stopAll } from "./process.ts";
import { type BenchResult, findFaults, type Machine, renderMarkdown, renderText } from "./report.ts";
import { FOOTPRINT, type Scenario, SCENARIOS, UPDATES } from "./scenarios.ts";

/** Share of the measured CPU that others may take before it is said. */
const DISTURBED = 0.05;
/** The load generator of the scenarios with streams. */
const H2LOAD = "h2load";
/** How often the configuration changes under load. */
const UPDATES_COUNT = 1_000;
const QUICK_UPDATES = 100;
/** Where the backend listens: the address that a sidecar in local mode forwards to. */
const BACKEND_HOST = "127.1.20.11";

const STARTERS: Readonly<Record<string, (options: StartOptions) => Promise<Running>>> = {
  haproxy: startHaproxy,
  nginx: startNginx,
  nghttpx: startNghttpx,
  envoy: startEnvoy,
  [OURS]: startFairlead,
};

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const lack = findLack(options);
  if (lack !== undefined) {
    console.error(`cannot measure here: ${lack}`);
    return 1;
  }
  const directory = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
  process.once("exit", stopAll);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  try {
    const result = await run(options, directory);
    console.log(`\n${renderText(result)}`);
    if (options.output !== undefined) write(options.output, renderMarkdown(result));
    if (options.rawOutput !== undefined)
      write(
        options.rawOutput,
        `${JSON.stringify({ ...result, contenders: result.contenders.map(({ name, version }) => ({ name, version })) }, undefined, 2)}\n`,
      );
    return findFaults(result).length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function findLack(options: Options): string | undefined {
  if (process.platform !== "linux") return `it counts CPU time by Linux's /proc, this is ${process.platform}`;
  if (options.loadCpu === options.proxyCpu) return "load and proxy must have different CPUs (--load-cpu, --proxy-cpu)";
  if (Math.max(options.loadCpu, options.proxyCpu) >= cpus().length)
    return `CPU ${Math.max(options.loadCpu, options.proxyCpu)} is wanted, there are ${availableParallelism()}`;
  const missing = ["taskset", "wrk", "nginx"].filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(", ")}`;
}

/** What a scenario needs and is not installed. */
function lackOf({ streams, topology }: Scenario): string | undefined {
  if (streams !== undefined && findProgram(H2LOAD) === undefined) return `${H2LOAD} is not installed (Debian: apt install nghttp2-client)`;
  if (topology === "grpc" && findProgram(GRPC_BACKEND) === undefined)
    return `${GRPC_BACKEND} is not installed (Debian: apt install nghttp2-server)`;
  return undefined;
}

async function run(options: Options, directory: string): Promise<BenchResult> {
  const wanted = SCENARIOS.filter((scenario) => options.scenarios.includes(scenario.name));
  const scenarios = wanted.filter((scenario) => lackOf(scenario) === undefined);
  const backend = {
    host: BACKEND_HOST,
    port: await findFreePort(BACKEND_HOST),
    tcpPort: await findFreePort(BACKEND_HOST),
    grpcPort: await findFreePort(BACKEND_HOST),
  };
  const canary = await startBackend({ directory, backend, cpu: options.loadCpu });
  const { contenders, missing } = await startContenders(options, {
    directory,
    backend,
    loadCpu: options.loadCpu,
    proxyCpu: options.proxyCpu,
  });
  const all = options.contenders.includes(canary.name) ? [canary, ...contenders] : contenders;
  try {
    const idle = readMemories(all);
    const measurements = await measureAll(all, scenarios, options);
    const afterLoad = readMemories(all);
    const extras = await measureExtras(options, { directory, backend });
    return {
      ...extras,
      scenarios,
      contenders: all,
      missing,
      skipped: wanted.flatMap((scenario) => {
        const lack = lackOf(scenario);
        return lack === undefined ? [] : [`${scenario.name}: ${lack}`];
      }),
      measurements,
      memory: idle.flatMap((before, index) => {
        const after = afterLoad[index];
        return after === undefined || before.contender === canary.name ? [] : [{ ...before, idle: before.memory, afterLoad: after.memory }];
      }),
      rounds: options.rounds,
      seconds: options.seconds,
      machine: describeMachine(),
      reportedRequests: contenders.some((each) => each.name === OURS) ? await countReported() : undefined,
    };
  } finally {
    for (const contender of contenders) await contender.stop();
    await canary.stop();
  }
}

interface Extras {
  readonly footprints: readonly Footprint[];
  readonly updates: readonly UpdateMeasurement[];
}

/** What has processes of its own, one after the other. */
async function measureExtras(
  { scenarios, contenders, quick, loadCpu, proxyCpu }: Options,
  { directory, backend }: Pick<StartOptions, "directory" | "backend">,
): Promise<Extras> {
  const footprints: Footprint[] = [];
  const updates: UpdateMeasurement[] = [];
  if (!scenarios.includes(FOOTPRINT) && !scenarios.includes(UPDATES)) return { footprints, updates };
  const certificates = await createTestCertificates(join(directory, "certificates-of-extras"));
  const places: Places = { plain: await place(), secure: await place(), backend: { host: backend.host, port: backend.port }, certificates };
  for (const contender of ["envoy", OURS] as const) {
    if (!contenders.includes(contender)) continue;
    try {
      if (scenarios.includes(FOOTPRINT)) {
        console.log(`${FOOTPRINT}  ${contender}`);
        footprints.push(await measureFootprint({ contender, directory, places, cpu: proxyCpu }));
      }
      if (scenarios.includes(UPDATES)) {
        console.log(`${UPDATES}  ${contender}`);
        const count = quick ? QUICK_UPDATES : UPDATES_COUNT;
        updates.push(await measureUpdates({ contender, directory, places, loadCpu, proxyCpu, updates: count }));
      }
    } catch (error) {
      if (!(error instanceof MissingContender)) throw error;
      console.log(`left out: ${error.message}`);
    }
  }
  return { footprints, updates };
}

async function place(): Promise<Address> {
  return { host: "127.0.0.1", port: await findFreePort() };
}

async function startContenders(
  options: Options,
  start: StartOptions,
): Promise<{ readonly contenders: readonly Running[]; readonly missing: readonly string[] }> {
  const contenders: Running[] = [];
  const missing: string[] = [];
  for (const name of CONTENDER_NAMES) {
    const starter = STARTERS[name];
    if (starter === undefined || !options.contenders.includes(name)) continue;
    try {
      const running = await starter(start);
      contenders.push(running);
      console.log(`${running.title} ${running.version} is up`);
    } catch (error) {
      if (!(error instanceof MissingContender)) throw error;
      missing.push(error.message);
      console.log(`left out: ${error.message}`);
    }
  }
  return { contenders, missing };
}

async function measureAll(contenders: readonly Running[], scenarios: typeof SCENARIOS, options: Options): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    for (const scenario of scenarios) {
      for (const contender of rotate(contenders, round).filter((each) => servesTopology(each, scenario.topology))) {
        const measurement = await measure({
          scenario,
          contender,
          round,
          seconds: options.seconds,
          loadCpu: options.loadCpu,
          proxyCpu: options.proxyCpu,
        });
        measurements.push(measurement);
        console.log(describeMeasurement(measurement, options.rounds));
      }
    }
  }
  return measurements;
}

function describeMeasurement(
  { round, scenario, contender, cpuUsPerRequest, requestsPerSecond, foreignShare }: Measurement,
  rounds: number,
): string {
  const numbers = `${cpuUsPerRequest.toFixed(1).padStart(6)} µs/request  ${Math.round(requestsPerSecond).toString().padStart(6)}/s`;
  const disturbance = foreignShare > DISTURBED ? `  others took ${Math.round(foreignShare * 100)} % of the CPU` : "";
  return `round ${round + 1}/${rounds}  ${scenario.padEnd(10)}  ${contender.padEnd(8)}  ${numbers}${disturbance}`;
}

interface TakenMemory {
  readonly contender: string;
  readonly topology: "single" | "pair";
  readonly memory: Memory;
}

function readMemories(contenders: readonly Running[]): readonly TakenMemory[] {
  return contenders.flatMap((contender) =>
    (["single", "pair"] as const)
      .filter((topology) => servesTopology(contender, topology))
      .map((topology) => ({ contender: contender.name, topology, memory: readMemory(contender.pids(topology)) })),
  );
}

function describeMachine(): Machine {
  const all = cpus();
  return {
    cpuModel: all[0]?.model ?? "unknown",
    cpuCount: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release().split(".").slice(0, 2).join("."),
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`written: ${path}`);
}
