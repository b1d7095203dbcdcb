export { type Pilot, type PilotIdentity, type PilotOptions, startPilot } from "./app.ts";
export { type Settings, settingsSchema } from "./settings.ts";
