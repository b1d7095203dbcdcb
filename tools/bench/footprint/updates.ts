import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { BACKEND_NAME } from "../contenders/contender.ts";
import { type LoadResult, runLoad } from "../load/load.ts";
import type { Scenario } from "../scenarios.ts";
import { HOSTS } from "./host.ts";
import type { Places, Shape } from "./shape.ts";

/** The same load twice: on a configuration that stays, and on one that changes all the time. */
export interface UpdateMeasurement {
  readonly contender: string;
  readonly updates: number;
  readonly steady: LoadResult;
  readonly changing: LoadResult;
}

export interface UpdateOptions {
  readonly contender: keyof typeof HOSTS;
  readonly directory: string;
  readonly places: Places;
  readonly loadCpu: number;
  readonly proxyCpu: number;
  readonly updates: number;
}

/** All of its routes change with each update. */
const SHAPE: Shape = { clusters: 2, endpoints: 1, routes: 100 };
const INTERVAL_MS = 30;
const SCENARIO: Scenario = { name: "updates", title: "", topology: "single", connections: 64 };

export async function measureUpdates(options: UpdateOptions): Promise<UpdateMeasurement> {
  const { contender, places, updates, loadCpu, proxyCpu } = options;
  const directory = mkdtempSync(join(options.directory, `updates-${contender}-`));
  const host = await HOSTS[contender]({ directory, cpu: proxyCpu, shape: SHAPE, places });
  try {
    const target = { ...places.plain, path: "/", hostHeader: BACKEND_NAME };
    const load = (): Promise<LoadResult> =>
      runLoad({ scenario: SCENARIO, target, seconds: Math.ceil((updates * INTERVAL_MS) / 1000), cpu: loadCpu });
    const steady = await load();
    const [changing] = await Promise.all([load(), host.update(updates, INTERVAL_MS)]);
    return { contender, updates, steady, changing };
  } finally {
    await host.stop();
  }
}
