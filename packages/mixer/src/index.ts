export { type Mixer, type MixerIdentity, type MixerOptions, startMixer } from "./app.ts";
export { type Settings, settingsSchema } from "./settings.ts";
