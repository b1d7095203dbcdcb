// A mesh under load for a long time while everything happens to it: `npm run soak -- --minutes 20`.
import { parseArgs } from "node:util";
import { createScreen, renderTable, type Screen } from "@fairlead/cli";
import { messageOf, sleep, systemClock } from "@fairlead/kit";
import type { Outcome } from "@fairlead/testkit";
import { echoService } from "../echo-service.ts";
import { startBookinfo, type TestMesh } from "../test-mesh.ts";
import { DISTURBANCES } from "./disturbances.ts";
import { type SoakLoad, startSoakLoad } from "./load.ts";
import { type Growth, Resources } from "./resources.ts";

const HELP = `usage: npm run soak -- [options]

A mesh of real processes under load for a long time, while routes change, endpoints and the control plane are
killed (kill -9), certificates rotate and clients cut their connections. It ends with 0 if no request failed and
no proxy grew.

  --minutes N     how long (default 20)
  --rate N        requests per second to echo, a quarter of it to productpage (default 120)
  --pause N       seconds between two disturbances (default 5)
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    rate: { type: "string", default: "120" },
    pause: { type: "string", default: "5" },
    help: { type: "boolean", default: false },
  },
});
const screen = createScreen(process.stdout, process.env);
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interrupted.abort(new Error("interrupted")));
if (values.help) screen.line(HELP);
else process.exitCode = await soak();

async function soak(): Promise<number> {
  const [minutes, rate, pauseS] = [values.minutes, values.rate, values.pause].map(Number);
  if (!(minutes !== undefined && minutes > 0 && rate !== undefined && rate >= 4 && pauseS !== undefined && pauseS >= 0)) {
    screen.line(HELP);
    return 2;
  }
  const mesh = await startBookinfo({ files: retriedEcho(), signal: interrupted.signal });
  try {
    screen.line(`the mesh is up: ${mesh.mesh.children.length} processes; ${minutes} minutes from now`);
    return await observe(mesh, { minutes, rate, pauseS });
  } catch (error) {
    screen.line(`${screen.style.red("✗")} ${messageOf(error)}`);
    return 1;
  } finally {
    await mesh.stop();
  }
}

async function observe(
  mesh: TestMesh,
  { minutes, rate, pauseS }: { readonly minutes: number; readonly rate: number; readonly pauseS: number },
): Promise<number> {
  const gateway = new URL(mesh.gatewayUrl);
  const load = startSoakLoad(
    [
      { name: "echo", ratePerSecond: rate, request: { url: `${mesh.gatewayUrl}/`, headers: { host: "echo.example" } }, fault: faultOfEcho },
      { name: "productpage", ratePerSecond: rate / 4, request: { url: `${mesh.gatewayUrl}/api/v1/products/0` }, fault: faultOfPage },
    ],
    { host: gateway.hostname, port: Number(gateway.port) },
  );
  const resources = new Resources();
  const happened = new Map<string, number>();
  const startMs = systemClock.monotonic();
  const endMs = startMs + minutes * 60_000;
  try {
    for (let turn = 0; systemClock.monotonic() < endMs && !interrupted.signal.aborted; turn += 1) {
      await sleep(systemClock, pauseS * 1000);
      const disturbance = DISTURBANCES[turn % DISTURBANCES.length];
      if (disturbance === undefined) break;
      await disturbance.happen(mesh);
      happened.set(disturbance.name, (happened.get(disturbance.name) ?? 0) + 1);
      resources.sample(mesh);
      if (turn % DISTURBANCES.length === 0) tell(load, resources, systemClock.monotonic() - startMs);
    }
  } finally {
    await load.stop();
  }
  return conclude(load, resources.judge(), happened);
}

/** The service of the suites with two endpoints, of which one is killed: requests are repeated, as an operator would have it. */
function retriedEcho(): Readonly<Record<string, string>> {
  const files = echoService({ workloads: ["echo-v1", "echo-v2"] });
  const retries = "retries:\n        attempts: 3\n        retryOn: connect-failure,refused-stream,reset,503";
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replace("retries:\n        attempts: 0", retries)]));
}

function faultOfEcho(outcome: Outcome): string | undefined {
  if (outcome.kind === "error") return outcome.code;
  return outcome.status === 200 ? undefined : `${outcome.status}: ${outcome.body.slice(0, 100)}`;
}

function faultOfPage(outcome: Outcome): string | undefined {
  const fault = faultOfEcho(outcome);
  if (fault !== undefined || outcome.kind === "error") return fault;
  return /"details":\{"status":200.*"reviews":\{"status":200/.test(outcome.body) ? undefined : outcome.body.slice(0, 200);
}

function tell(load: SoakLoad, resources: Resources, sinceMs: number): void {
  const sent = load.counts.reduce((sum, count) => sum + count.sent, 0);
  const failed = load.counts.reduce((sum, count) => sum + count.failed, 0);
  const minutes = (sinceMs / 60_000).toFixed(1).padStart(5);
  screen.line(
    `${minutes} min  ${sent} requests, ${failed} failed, ${load.cut} connections cut, proxies ${resources.totalMb.toFixed(0)} MB`,
  );
}

function conclude(load: SoakLoad, growths: readonly Growth[], happened: ReadonlyMap<string, number>): number {
  const { style } = screen;
  screen.line(`\n${renderGrowths(growths, screen)}\n`);
  screen.line([...happened].map(([what, times]) => `${what}: ${times}`).join(", "));
  for (const { name, sent, failed, faults } of load.counts) {
    screen.line(`${failed === 0 ? style.green("✓") : style.red("✗")} ${name}: ${sent} requests, ${failed} failed`);
    for (const fault of faults) screen.line(style.dim(`    ${fault}`));
  }
  const grown = growths.filter(({ isFlat }) => !isFlat);
  screen.line(
    grown.length === 0 ? `${style.green("✓")} no proxy grew` : `${style.red("✗")} grew: ${grown.map((each) => each.process).join(", ")}`,
  );
  return grown.length === 0 && load.counts.every(({ failed }) => failed === 0) ? 0 : 1;
}

function renderGrowths(growths: readonly Growth[], { style }: Screen): string {
  return renderTable(
    [
      { title: "proxy", value: (growth) => growth.process },
      { title: "memory, MB (second quarter → last)", align: "right", value: (growth) => fromTo(growth.memoryMb, 1) },
      { title: "open files", align: "right", value: (growth) => fromTo(growth.files, 0) },
      { title: "", value: (growth) => (growth.isFlat ? style.green("flat") : style.red("grew")) },
    ],
    growths,
    style,
  );
}

function fromTo([early, late]: readonly [number, number], digits: number): string {
  return `${early.toFixed(digits)} → ${late.toFixed(digits)}`;
}
