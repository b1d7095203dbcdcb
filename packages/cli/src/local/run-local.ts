import { randomBytes } from "node:crypto";
import { join, relative, resolve } from "node:path";
import { describeProblem, VERSION } from "@fairlead/kit";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { renderProblem } from "../render/problem.ts";
import { createScreen, type Screen } from "../render/screen.ts";
import { formatCount, plural } from "../render/units.ts";
import { watchConfiguration } from "./configuration-watch.ts";
import { createLayout, type MeshLayout } from "./layout.ts";
import { type Load, startLoad } from "./load.ts";
import { LocalMesh } from "./local-mesh.ts";
import { toMessage } from "./message.ts";
import { defaultStateDirectory } from "./mesh-file.ts";
import { planMesh } from "./plan.ts";
import { showProgress } from "./progress.ts";
import { type MeshFolder, readMeshFolder } from "./read-folder.ts";
import type { SettingsOptions } from "./settings-files.ts";
import { renderProcesses, renderSuggestions } from "./summary.ts";
import { createWarnings, type Warning } from "./warnings.ts";

export interface RunLocalOptions {
  readonly folder: string;
  readonly state: string | undefined;
  /** Of the built-in load; undefined for none. */
  readonly ratePerSecond: number | undefined;
  /** Stock Envoy to run in the place of every proxy; undefined for our own. */
  readonly envoyPath: string | undefined;
}

/** `fairlead local`: runs a mesh until Ctrl-C; answers the exit status. */
export async function runLocal(options: RunLocalOptions, context: CliContext): Promise<number> {
  const screen = createScreen(context.stdout, context.env);
  const folder = resolve(options.folder);
  const contents = await readMeshFolder(folder);
  const layout = planLayout(contents, folder, options, context);
  const { style } = screen;
  screen.line(`${style.bold("Fairlead")} ${VERSION}  ${style.dim(`local mesh of ${relative(process.cwd(), folder) || "."}`)}`);
  for (const problem of contents.problems) screen.line(renderProblem(problem, style));

  const interrupt = listenForSignals();
  const warnings = createWarnings({ clock: context.clock, onWarning: (warning) => screen.line(renderWarning(warning, screen)) });
  const mesh = new LocalMesh({
    layout,
    settings: toSettings(options),
    env: context.env,
    clock: context.clock,
    random: context.random,
    newToken: () => randomBytes(32).toString("base64url"),
    onLine: (line) => {
      const message = toMessage(line);
      // What goes wrong while everything starts heals by itself, or ends the start with its own message.
      if (message !== undefined && mesh.ready.value && !interrupt.first.aborted) warnings.add(message);
    },
  });
  interrupt.onSecond(() => {
    mesh.kill();
    process.exit(130);
  });
  try {
    const startMs = context.clock.monotonic();
    await showProgress(mesh, { screen, clock: context.clock }, () => mesh.start(interrupt.first));
    screen.line(`${style.green("✓")} up in ${((context.clock.monotonic() - startMs) / 1000).toFixed(1)} s\n`);
    await serve(mesh, { contents, layout, options, context, screen, interrupt });
    return 0;
  } catch (error) {
    if (!interrupt.first.aborted) throw error;
    return 130;
  } finally {
    warnings.stop();
    await stop(mesh, screen, context);
    interrupt.end();
  }
}

function planLayout(contents: MeshFolder, folder: string, options: RunLocalOptions, context: CliContext): MeshLayout {
  const planned = planMesh(contents.objects);
  if (!planned.ok)
    throw new CliError(`the folder's workloads cannot run here:\n${planned.error.map((mistake) => `  ${mistake}`).join("\n")}`);
  if (planned.value.every((workload) => workload.proxy === "none" && workload.application === undefined)) {
    const why = contents.problems.map((problem) => `\n  ${describeProblem(problem)}`).join("");
    throw new CliError(
      `${folder} has no WorkloadEntry with a loopback address, so there is nothing to run${why}`,
      "see fairlead local --help and samples/bookinfo/mesh",
    );
  }
  const named = options.state ?? (context.env["FAIRLEAD_STATE"] || undefined);
  const stateDirectory = named === undefined ? defaultStateDirectory(folder, context.env) : resolve(named);
  return createLayout({ folder, stateDirectory, workloads: planned.value });
}

function toSettings({ envoyPath }: RunLocalOptions): SettingsOptions {
  return envoyPath === undefined
    ? {}
    : { proxyOf: () => ({ engine: "envoy", envoyPath: envoyPath.includes("/") ? resolve(envoyPath) : envoyPath }) };
}

interface Serving {
  readonly contents: MeshFolder;
  readonly layout: MeshLayout;
  readonly options: RunLocalOptions;
  readonly context: CliContext;
  readonly screen: Screen;
  readonly interrupt: Interrupt;
}

/** From when everything is up until the first signal. */
async function serve(mesh: LocalMesh, serving: Serving): Promise<void> {
  const { contents, layout, options, context, screen, interrupt } = serving;
  const { style } = screen;
  const urls = mesh.description.gatewayUrls.flatMap((base) =>
    (contents.entryPaths.length === 0 ? ["/"] : contents.entryPaths).map((path) => `${base}${path}`),
  );
  screen.line(renderProcesses(layout, style));
  const files = contents.routingFile === undefined ? [] : [join(layout.folder, contents.routingFile)];
  screen.line(
    `\n${renderSuggestions({ layout, urls, files, example: contents.example, command: "npx fairlead", cwd: process.cwd() }, style)}\n`,
  );
  announceCrashes(mesh, screen, interrupt);
  const load =
    options.ratePerSecond === undefined || urls.length === 0
      ? undefined
      : startLoad({ urls: urls.slice(0, 1), ratePerSecond: options.ratePerSecond, clock: context.clock });
  if (load !== undefined) screen.line(style.dim(`sending ${options.ratePerSecond} requests/s to ${urls[0]}`));
  const watching = watchConfiguration(mesh.description, {
    screen,
    clock: context.clock,
    signal: interrupt.first,
    known: contents.problems,
  });
  try {
    await showLoad(load, { screen, context, signal: interrupt.first });
    await watching;
  } finally {
    load?.stop();
  }
}

const LIVE_INTERVAL_MS = 500;
const PLAIN_INTERVAL_MS = 60_000;

/** Keeps the load's counts on the last line of a terminal; elsewhere a line each minute. Resolves on the signal. */
async function showLoad(
  load: Load | undefined,
  options: { readonly screen: Screen; readonly context: CliContext; readonly signal: AbortSignal },
): Promise<void> {
  const { screen, context, signal } = options;
  const { promise, resolve: end } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => end(), { once: true });
  if (signal.aborted) end();
  const intervalMs = screen.isLive ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
  const show = (): void => {
    if (signal.aborted) return;
    if (load !== undefined) {
      const text = renderLoad(load, screen);
      if (screen.isLive) screen.status(text);
      else screen.line(text);
    }
    context.clock.after(intervalMs, show);
  };
  context.clock.after(intervalMs, show);
  await promise;
  screen.status();
}

function renderLoad(load: Load, { style }: Screen): string {
  const { sent, succeeded, failed, lastFailure } = load.counts;
  const failures =
    failed === 0
      ? style.dim("0 failed")
      : style.red(`${formatCount(failed)} failed${lastFailure === undefined ? "" : ` (last: ${lastFailure})`}`);
  return `${style.dim("load")} ${formatCount(sent)} sent · ${style.green(`${formatCount(succeeded)} succeeded`)} · ${failures}`;
}

function announceCrashes(mesh: LocalMesh, screen: Screen, interrupt: Interrupt): void {
  const { style } = screen;
  for (const child of mesh.children) {
    let isDown = false;
    child.state.subscribe((state) => {
      if (interrupt.first.aborted) return;
      if (state.kind === "restarting") {
        if (!isDown) screen.line(`${style.yellow("!")} ${child.spec.name} ${state.reason}; starting it again`);
        isDown = true;
      } else if (state.kind === "ready" && isDown) {
        isDown = false;
        screen.line(`${style.green("✓")} ${child.spec.name} is back`);
      }
    });
  }
}

async function stop(mesh: LocalMesh, screen: Screen, context: CliContext): Promise<void> {
  const { style } = screen;
  const running = mesh.children.filter((child) => child.state.value.kind !== "stopped").length;
  if (running > 0) screen.line(`\n${style.dim(`stopping ${plural(running, "process", "processes")} (Ctrl-C again to end them at once)`)}`);
  const startMs = context.clock.monotonic();
  await mesh.stop();
  if (running > 0)
    screen.line(`${style.green("✓")} stopped ${style.dim(`${((context.clock.monotonic() - startMs) / 1000).toFixed(1)} s`)}`);
}

function renderWarning(warning: Warning, { style }: Screen): string {
  const [first, ...others] = warning.children;
  const who = others.length === 0 ? (first ?? "") : plural(warning.children.length, "process", "processes");
  return `${warning.level === "error" ? style.red("✗") : style.yellow("!")} ${style.bold(who)} ${warning.text}`;
}

interface Interrupt {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly first: AbortSignal;
  onSecond(task: () => void): void;
  end(): void;
}

function listenForSignals(): Interrupt {
  const controller = new AbortController();
  let onSecond: (() => void) | undefined;
  const listen = (): void => {
    if (!controller.signal.aborted) controller.abort();
    else if (onSecond === undefined) process.exit(130);
    else onSecond();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, listen);
  return {
    first: controller.signal,
    onSecond: (task) => {
      onSecond = task;
    },
    end: () => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, listen);
    },
  };
}
