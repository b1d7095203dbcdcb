import { obtainIdentity, peerSpiffeId, serverCredentials } from "@fairlead/identity";
import { createLogger, createShutdown, readSettings, systemClock } from "@fairlead/kit";
import { startMixer } from "./app.ts";
import { settingsSchema } from "./settings.ts";

const logger = createLogger({ component: "mixer" });
const shutdown = createShutdown(logger);

try {
  const settings = readSettings(settingsSchema);
  const identity = obtainIdentity({
    settings: settings.identity,
    trustDomain: settings.trustDomain,
    clock: systemClock,
    random: Math.random,
    logger,
    signal: shutdown.signal,
  });
  const mixer = await startMixer({
    settings,
    identity: identity.then((own) => {
      shutdown.add("identity", () => own.stop());
      return { credentials: serverCredentials(own.certificate, { clientCertificate: "required" }), peer: peerSpiffeId };
    }),
    clock: systemClock,
    logger,
    signal: shutdown.signal,
  });
  shutdown.add("mixer", () => mixer.close());
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, "mixer cannot start");
    process.exitCode = 1;
  }
  await shutdown.stop();
  process.exit();
}
