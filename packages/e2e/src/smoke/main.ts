// The whole mesh, started, changed under load, asked what it saw: `npm run demo -- --smoke`.
import { createScreen, renderTable, type Screen } from "@fairlead/cli";
import { messageOf, systemClock } from "@fairlead/kit";
import { startBookinfo, type TestMesh } from "../test-mesh.ts";
import { type Check, compareWithMixer } from "./checks.ts";
import { runScenario } from "./scenario.ts";
import { Traffic } from "./traffic.ts";

const MINIMUM_REQUESTS = 2_000;
const RATE_PER_SECOND = 80;

const screen = createScreen(process.stdout, process.env);
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interrupted.abort(new Error("interrupted")));
process.exitCode = await smoke(screen, interrupted.signal);

/** Answers the exit status: 0 only if everything agrees. */
async function smoke(output: Screen, signal: AbortSignal): Promise<number> {
  const { style } = output;
  const startMs = systemClock.monotonic();
  let test: TestMesh | undefined;
  try {
    test = await startBookinfo({ signal });
    output.line(
      `${style.green("✓")} the mesh is up: ${test.mesh.children.length} processes`.padEnd(66) +
        style.dim(`${((systemClock.monotonic() - startMs) / 1000).toFixed(2)} s`),
    );
    const checks = await Promise.race([exercise(test, output), rejectOn(signal)]);
    output.line(`\n${renderChecks(checks, output)}\n`);
    const failed = checks.filter((check) => !check.isGood).length;
    output.line(failed === 0 ? style.green("✓ everything agrees") : style.red(`✗ ${failed} of ${checks.length} do not agree`));
    return failed === 0 ? 0 : 1;
  } catch (error) {
    output.line(`${style.red("✗")} ${messageOf(error)}`);
    if (!signal.aborted) for (const line of notable(test)) output.line(style.dim(`  ${line}`));
    return signal.aborted ? 130 : 1;
  } finally {
    await test?.stop();
  }
}

async function exercise(test: TestMesh, output: Screen): Promise<readonly Check[]> {
  const traffic = new Traffic(`${test.gatewayUrl}/api/v1/products/0`, RATE_PER_SECOND);
  try {
    const scenario = await runScenario({ test, traffic, screen: output, clock: systemClock }, MINIMUM_REQUESTS);
    const summary = await traffic.stop();
    output.line(`${output.style.green("✓")} sent ${summary.sent} requests through the gateway`);
    return await compareWithMixer({ traffic, summary, scenario, mixer: test.mixer });
  } finally {
    await traffic.stop();
    for (const line of traffic.unexpected) output.line(`  ${output.style.red("unexpected:")} ${line}`);
  }
}

function renderChecks(checks: readonly Check[], { style }: Screen): string {
  return renderTable(
    [
      { title: "", value: (check) => (check.isGood ? style.green("✓") : style.red("✗")) },
      { title: "what", value: (check) => check.what },
      { title: "application", align: "right", value: (check) => check.application },
      { title: "mixer", align: "right", value: (check) => check.mixer },
    ],
    checks,
    style,
  );
}

/** The newest warnings and errors of the processes: the first thing one looks for. */
function notable(test: TestMesh | undefined): readonly string[] {
  return (test?.lines ?? []).filter((line) => /"level":"(warn|error|fatal)"/.test(line)).slice(-15);
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
