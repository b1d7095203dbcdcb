// Must be loaded before @peculiar/x509: its dependency injection asks for it.
import "reflect-metadata";
import { createLogger, createShutdown, readSettings, systemClock } from "@fairlead/kit";
import { startCitadel } from "./app.ts";
import { citadelSettingsSchema } from "./settings.ts";

const logger = createLogger({ component: "citadel" });
try {
  const citadel = await startCitadel(readSettings(citadelSettingsSchema), { clock: systemClock, logger });
  createShutdown(logger).add("citadel", () => citadel.close());
} catch (error) {
  logger.fatal({ err: error }, "citadel could not start");
  process.exitCode = 1;
}
