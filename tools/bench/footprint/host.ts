import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PEERS } from "../../peers/install.ts";
import { MissingContender, OURS } from "../contenders/contender.ts";
import { accepts, findProgram, type PinnedProcess, startPinned, waitUntilReady } from "../process.ts";
import { toEnvoy, toEnvoyRoutes } from "./envoy.ts";
import { toFairlead } from "./fairlead.ts";
import type { Places, Shape } from "./shape.ts";

/** A proxy of some shape that serves. */
export interface Host {
  readonly name: string;
  readonly pid: number;
  /** Changes the weights of all routes `count` times, once every `intervalMs`; resolves when the last one was given to it. */
  update(count: number, intervalMs: number): Promise<void>;
  /** Bytes that its native part has taken from the system; undefined where the whole process is native. */
  engineBytes(): Promise<number | undefined>;
  stop(): Promise<void>;
}

export interface HostOptions {
  readonly directory: string;
  readonly cpu: number;
  readonly shape: Shape;
  readonly places: Places;
}

export const HOSTS = { envoy: startEnvoyHost, [OURS]: startFairleadHost } as const;

const FAIRLEAD_HOST = fileURLToPath(new URL("fairlead-host.ts", import.meta.url));

async function startFairleadHost({ directory, cpu, shape, places }: HostOptions): Promise<Host> {
  const file = join(directory, "fairlead.json");
  writePrivate(file, JSON.stringify(toFairlead(shape, places)));
  const command = [process.execPath, "--expose-gc", "--max-semi-space-size=1", FAIRLEAD_HOST, file] as const;
  const logFile = join(directory, "fairlead.log");
  const child = startPinned({ cpu, command, logFile, hasInput: true });
  const said = (word: string) => async (): Promise<boolean> => readFileSync(logFile, "utf8").split("\n").includes(word);
  await waitUntilReady("the proxy as a library", child, said("ready"));
  return {
    name: OURS,
    pid: child.pid,
    async update(count, intervalMs) {
      child.say(`update ${count} ${intervalMs}\n`);
      await waitUntilReady("the updates", child, said("updated"), UPDATES_LIMIT_MS + count * intervalMs);
    },
    async engineBytes() {
      const before = engineAnswers(logFile).length;
      child.say("engine\n");
      await waitUntilReady("the engine's gauge", child, async () => engineAnswers(logFile).length > before);
      return Number(engineAnswers(logFile).at(-1));
    },
    stop: () => child.stop(),
  };
}

const UPDATES_LIMIT_MS = 60_000;

function engineAnswers(logFile: string): readonly string[] {
  return [...readFileSync(logFile, "utf8").matchAll(/^engine (\d+)$/gm)].map(([, bytes = ""]) => bytes);
}

async function startEnvoyHost({ directory, cpu, shape, places }: HostOptions): Promise<Host> {
  const program = findProgram("envoy", [PEERS]);
  if (program === undefined) throw new MissingContender("envoy is not installed (node tools/peers/install.ts envoy)");
  const file = join(directory, "envoy.json");
  const routesFile = join(directory, "routes", "routes.json");
  writePrivate(file, JSON.stringify(toEnvoy(shape, places, routesFile)));
  writePrivate(routesFile, JSON.stringify(toEnvoyRoutes(shape, 50)));
  const command = [program, "-c", file, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"] as const;
  const child: PinnedProcess = startPinned({ cpu, command, logFile: join(directory, "envoy.log") });
  await waitUntilReady("envoy", child, () => accepts(places.plain));
  return {
    name: "envoy",
    pid: child.pid,
    async update(count, intervalMs) {
      for (let index = 1; index <= count; index += 1) {
        const next = join(directory, "next.json");
        writePrivate(next, JSON.stringify(toEnvoyRoutes(shape, index % 2 === 0 ? 50 : 51)));
        renameSync(next, routesFile);
        await delay(intervalMs);
      }
    },
    engineBytes: async () => undefined,
    stop: () => child.stop(),
  };
}

function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}
