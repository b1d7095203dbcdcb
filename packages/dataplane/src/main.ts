import { createLogger, type Logger, readSettings, SettingsError, systemClock } from "@fairlead/kit";
import { startAgent } from "./agent/agent.ts";
import { startApp } from "./app.ts";
import { toEngineBootstrap } from "./bootstrap.ts";
import { createNativeEngine, giveWayToWorkers } from "./native/addon.ts";
import type { Engine } from "./native/engine.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { trimHeapAfterStart } from "./trim-heap.ts";

/** `fairlead-proxy --settings FILE`: the proxy of one workload, with our engine or beside a stock Envoy. */
async function main(): Promise<void> {
  const settings = readSettings(settingsSchema);
  const logger = createLogger({ component: "proxy", level: settings.logLevel });
  const common = { settings, clock: systemClock, random: Math.random, logger };
  // A signal may come while things still start.
  const stopped = Promise.withResolvers<number>();
  const quit = (): void => stopped.resolve(0);
  const end = (error?: Error): void => (error === undefined ? quit() : fail(error.message));
  const fail = (reason: string): void => {
    logger.fatal({ reason }, "the proxy cannot go on");
    stopped.resolve(1);
  };
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    // Who asks twice does not want to wait for the drain.
    if (signals > 1) process.exit(1);
    quit();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onSignal);
  // Native threads serve on whatever a promise of ours forgot to catch; ending them for it would make a small fault a large one.
  process.on("unhandledRejection", (error) => logger.error({ err: error }, "unhandled rejection"));
  const running =
    settings.engine === "envoy"
      ? await startAgent({ ...common, onFatal: fail })
      : await startApp({
          ...common,
          engine: reopenLogsOnSignal(await createNativeEngine(toEngineBootstrap(settings)), logger),
          onQuit: end,
        });
  logger.info({ node: settings.name, namespace: settings.namespace, engine: settings.engine, admin: settings.adminAddress }, "started");
  // A thread that runs filters is started anew by this one when it hangs, and requests wait for it.
  if (settings.engine !== "envoy" && settings.filterModules === undefined) await giveWayToWorkers();
  const cancelTrim = trimHeapAfterStart(systemClock);
  const exitCode = await stopped.promise;
  cancelTrim();
  await stopWithin(settings, running.stop());
  process.exit(exitCode);
}

/** SIGUSR1 is what a rotation of logs tells Envoy with; Node would open its debugger for it. */
function reopenLogsOnSignal(engine: Engine, logger: Logger): Engine {
  process.on("SIGUSR1", () => {
    engine.reopenLogs().catch((error: unknown) => logger.error({ err: error }, "the files of access logs were not opened anew"));
  });
  return engine;
}

/** Room for what follows the drain: last reports, closing sockets. */
const STOP_MARGIN_MS = 10_000;

async function stopWithin(settings: Settings, stopping: Promise<void>): Promise<void> {
  const timeout = new Promise<void>((resolve) => systemClock.after(settings.drainMs + STOP_MARGIN_MS, resolve));
  await Promise.race([stopping, timeout]);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `fairlead-proxy: ${error instanceof SettingsError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
