import type { Clock } from "@fairlead/kit";
import type { Screen } from "../render/screen.ts";
import { plural } from "../render/units.ts";
import type { Child, ChildRole } from "./child.ts";
import type { LocalMesh } from "./local-mesh.ts";

const LIVE_INTERVAL_MS = 100;
/** From here on it is said what is being waited for. */
const SLOW_MS = 8_000;

const TITLES: Readonly<Record<ChildRole, (count: number) => string>> = {
  citadel: () => "citadel",
  pilot: () => "pilot",
  mixer: () => "mixer",
  proxy: (count) => plural(count, "proxy", "proxies"),
  application: (count) => plural(count, "application"),
};

/** Shows while `start` runs which parts are up: a line for each that is, and on a terminal what is still awaited. */
export async function showProgress(
  mesh: LocalMesh,
  output: { readonly screen: Screen; readonly clock: Clock },
  start: () => Promise<void>,
): Promise<void> {
  const { screen, clock } = output;
  const { style } = screen;
  const startMs = clock.monotonic();
  const seconds = (): string => `${((clock.monotonic() - startMs) / 1000).toFixed(1)} s`;
  const groups = Map.groupBy(mesh.children, (child) => child.spec.role);
  const done = new Set<ChildRole>();
  const unsubscribe = mesh.children.map((child) =>
    child.state.subscribe(() => {
      const { role } = child.spec;
      const group = groups.get(role) ?? [];
      if (done.has(role) || !group.every(isReady)) return;
      done.add(role);
      screen.line(`${style.green("✓")} ${TITLES[role](group.length).padEnd(16)} ${style.dim(seconds())}`);
    }),
  );
  let isOver = false;
  let isSlow = false;
  const tick = (): void => {
    if (isOver) return;
    const waiting = mesh.children.filter((child) => !isReady(child)).map((child) => child.spec.name);
    screen.status(style.dim(`… ${seconds()}  waiting for ${waiting.join(", ")}`));
    if (!isSlow && clock.monotonic() - startMs > SLOW_MS) {
      isSlow = true;
      if (!screen.isLive) screen.line(style.dim(`… still waiting for ${waiting.join(", ")}`));
    }
    clock.after(LIVE_INTERVAL_MS, tick);
  };
  tick();
  try {
    await start();
  } finally {
    isOver = true;
    screen.status();
    for (const end of unsubscribe) end();
  }
}

function isReady(child: Child): boolean {
  return child.state.value.kind === "ready";
}
