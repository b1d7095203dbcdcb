import { createRequire } from "node:module";
import type { Engine, EngineBootstrap } from "./engine.ts";
import { ProxyError } from "./errors.ts";

export async function createNativeEngine(_bootstrap: EngineBootstrap): Promise<Engine> {
  const require = createRequire(import.meta.url);
  try {
    require("@fairlead/dataplane-native");
  } catch (error) {
    throw new ProxyError("engine-unavailable", "the native engine cannot be loaded", { cause: error });
  }
  throw new ProxyError("engine-unavailable", "not yet");
}
