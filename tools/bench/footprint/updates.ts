import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { BACKEND_NAME } from "../contenders/contender.ts";
import { type LoadResult, runLoad } from "../load/load.ts";
import type { Scenario } from "../scenarios.ts";
import { HOSTS } from "./host.ts";
import type { Places, Shape } from "./shape.ts";

/** The same load in turns: on a configuration that stays, and on one that changes all the time. As many results of each, in the order of measuring. */
export interface UpdateMeasurement {
  readonly contender: string;
  /** In all turns together. */
  readonly updates: number;
  readonly steady: readonly LoadResult[];
  readonly changing: readonly LoadResult[];
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
const INTERVAL_MS = 25;
/** Tails of one measurement are as much the machine's as the proxy's; what comes and goes there meets both kinds. */
const TURNS = 25;
const SCENARIO: Scenario = { name: "updates", title: "", topology: "single", connections: 64 };

export async function measureUpdates(options: UpdateOptions): Promise<UpdateMeasurement> {
  const { contender, places, updates, loadCpu, proxyCpu } = options;
  const directory = mkdtempSync(join(options.directory, `updates-${contender}-`));
  const host = await HOSTS[contender]({ directory, cpu: proxyCpu, shape: SHAPE, places });
  try {
    const target = { ...places.plain, path: "/", hostHeader: BACKEND_NAME };
    const perTurn = Math.ceil(updates / TURNS);
    const load = (): Promise<LoadResult> =>
      runLoad({ scenario: SCENARIO, target, seconds: Math.ceil((perTurn * INTERVAL_MS) / 1000), cpu: loadCpu });
    const [steady, changing]: [LoadResult[], LoadResult[]] = [[], []];
    for (let turn = 0; turn < TURNS; turn += 1) {
      steady.push(await load());
      const [result] = await Promise.all([load(), host.update(perTurn, INTERVAL_MS)]);
      changing.push(result);
    }
    return { contender, updates: perTurn * TURNS, steady, changing };
  } finally {
    await host.stop();
  }
}
