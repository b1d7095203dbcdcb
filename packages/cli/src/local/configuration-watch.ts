import { watch } from "node:fs";
import { type Clock, describeOrigin, describeProblem, type Problem, sleep } from "@fairlead/kit";
import { createPilotClient, type PilotClient } from "../clients/pilot.ts";
import { renderProblem } from "../render/problem.ts";
import type { Screen } from "../render/screen.ts";
import { plural } from "../render/units.ts";
import type { MeshFile } from "./mesh-file.ts";

const POLL_MS = 400;
/** After a file was saved Pilot has this long to take it up before its proxies are asked for. */
const TAKE_UP_MS = 700;
const SYNC_LIMIT_MS = 5_000;

interface Watching {
  readonly pilot: PilotClient;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Problems that were printed before. */
  readonly known: readonly Problem[];
}

/**
 * Says what Pilot finds wrong with edited files as soon as it does, when that is mended, and when a saved file serves. Resolves when the signal is
 * aborted.
 */
export async function watchConfiguration(mesh: MeshFile, options: Omit<Watching, "pilot">): Promise<void> {
  const watching = { ...options, pilot: createPilotClient(mesh.pilot.monitoringAddress) };
  await Promise.all([watchProblems(watching), watchSaves(mesh.folder, watching)]);
}

async function watchProblems({ pilot, screen, clock, signal, known: printed }: Watching): Promise<void> {
  let known: ReadonlyMap<string, Problem> = byText(printed);
  while (!signal.aborted) {
    // Pilot may be restarting: then there is nothing new to say.
    const problems = await pilot.problems().catch(() => undefined);
    if (problems !== undefined && !signal.aborted) {
      const now = byText(problems);
      for (const line of compare(known, now, screen)) screen.line(line);
      known = now;
    }
    await sleep(clock, POLL_MS, signal).catch(() => undefined);
  }
}

function byText(problems: readonly Problem[]): ReadonlyMap<string, Problem> {
  return new Map(problems.map((problem) => [describeProblem(problem), problem]));
}

/** Lines for what is new and what is gone. */
function compare(before: ReadonlyMap<string, Problem>, now: ReadonlyMap<string, Problem>, { style }: Screen): readonly string[] {
  const added = [...now].filter(([key]) => !before.has(key));
  const gone = [...before].filter(([key]) => !now.has(key));
  const lines = added.map(([, problem]) => {
    const line = renderProblem(problem, style);
    return problem.severity === "error" ? `${line} ${style.dim("(what was good before keeps serving)")}` : line;
  });
  const stillWrong = new Set([...now.values()].map(({ origin }) => placeOf(origin)));
  const mended = new Set(
    gone
      .map(([, { origin }]) => origin)
      .filter((origin) => !stillWrong.has(placeOf(origin)))
      .map(describeObject),
  );
  return [...lines, ...[...mended].map((object) => `${style.green("✓")} ${object} is good again`)];
}

type Place = Problem["origin"];

function placeOf(origin: Place): string {
  return `${origin.kind} ${origin.namespace}/${origin.name}`;
}

function describeObject({ kind, namespace, name, file }: Place): string {
  return kind === "File" ? name : describeOrigin({ kind, namespace, name, ...(file === undefined ? {} : { file }) });
}

/** Tells after every save whether all proxies are in sync with Pilot again. */
async function watchSaves(folder: string, watching: Watching): Promise<void> {
  const { screen, clock, signal } = watching;
  const saved = new Set<string>();
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null && /(^|\/)[^./][^/]*\.ya?ml$/.test(name)) saved.add(name);
  });
  // A folder that cannot be watched is Pilot's to complain about.
  watcher.on("error", () => watcher.close());
  signal.addEventListener("abort", () => watcher.close(), { once: true });
  while (!signal.aborted) {
    if (saved.size > 0) {
      const names = [...saved];
      saved.clear();
      await sleep(clock, TAKE_UP_MS, signal).catch(() => undefined);
      const line = await describeSync(names, watching);
      if (line !== undefined && !signal.aborted) screen.line(line);
    }
    await sleep(clock, POLL_MS / 4, signal).catch(() => undefined);
  }
}

/** Undefined where a file is wrong, which is said elsewhere. */
async function describeSync(names: readonly string[], { pilot, screen, clock, signal }: Watching): Promise<string | undefined> {
  const { style } = screen;
  const endMs = clock.monotonic() + SYNC_LIMIT_MS;
  for (;;) {
    const [proxies, problems] = await Promise.all([pilot.proxies().catch(() => undefined), pilot.problems().catch(() => undefined)]);
    if (problems?.some(({ severity, origin }) => severity === "error" && origin.file !== undefined && names.includes(origin.file)) === true)
      return undefined;
    const synced = proxies?.filter((proxy) => proxy.state === "synced").length ?? 0;
    if (proxies !== undefined && proxies.length > 0 && synced === proxies.length)
      return `${style.green("✓")} ${names.join(", ")} saved: all ${plural(synced, "proxy", "proxies")} in sync`;
    if (clock.monotonic() > endMs || signal.aborted)
      return `${style.yellow("!")} ${names.join(", ")} saved: ${proxies === undefined ? "pilot does not answer" : `${synced} of ${plural(proxies.length, "proxy", "proxies")} in sync; see fairlead status`}`;
    await sleep(clock, POLL_MS / 2, signal).catch(() => undefined);
  }
}
