import { obtainIdentity, peerSpiffeId, serverCredentials } from "@fairlead/identity";
import { createLogger, createShutdown, readSettings, SettingsError, systemClock } from "@fairlead/kit";
import { watchFiles } from "@fairlead/sources";
import { startPilot } from "./app.ts";
import { settingsSchema } from "./settings.ts";

const logger = createLogger({ component: "pilot" });
const shutdown = createShutdown(logger);

try {
  const { identity, configDirectory, ...settings } = readSettings(settingsSchema);
  if (identity === undefined && settings.plaintextListenAddress === undefined) {
    throw new SettingsError("identity is missing: without it there is nothing to serve proxies with");
  }
  const source = await watchFiles({ directory: configDirectory, logger });
  const own =
    identity &&
    obtainIdentity({
      settings: identity,
      trustDomain: settings.trustDomain,
      clock: systemClock,
      random: Math.random,
      logger,
      signal: shutdown.signal,
    });
  const pilot = await startPilot({
    settings,
    source,
    identity: own?.then((obtained) => {
      shutdown.add("identity", () => obtained.stop());
      return { credentials: serverCredentials(obtained.certificate, { clientCertificate: "required" }), peer: peerSpiffeId };
    }),
    clock: systemClock,
    logger,
  });
  shutdown.add("pilot", () => pilot.close());
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, "pilot cannot start");
    process.exitCode = 1;
  }
  await shutdown.stop();
  process.exit();
}
