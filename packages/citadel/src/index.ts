// Must be loaded before @peculiar/x509: its dependency injection asks for it.
import "reflect-metadata";
export { type Citadel, startCitadel } from "./app.ts";
export { type CitadelSettings, citadelSettingsSchema } from "./settings.ts";
