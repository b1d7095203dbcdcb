import type { PilotObject, PilotObjects, PilotProblems, PilotProxies, PilotProxy } from "@fairlead/api";
import type { Problem } from "@fairlead/kit";
import { requestJson } from "./http-json.ts";

/** Pilot's admin API, typed. */
export interface PilotClient {
  proxies(): Promise<readonly PilotProxy[]>;
  objects(): Promise<readonly PilotObject[]>;
  problems(): Promise<readonly Problem[]>;
}

export function createPilotClient(monitoringAddress: string): PilotClient {
  // Pilot is of the same version and its shapes are types only: what it answers is taken as it is.
  const ask = <Answer>(path: string): Promise<Answer> =>
    requestJson({ address: monitoringAddress, path: `/api/v1/${path}`, who: "pilot" }) as Promise<Answer>;
  return {
    proxies: async () => (await ask<PilotProxies>("proxies")).proxies,
    objects: async () => (await ask<PilotObjects>("objects")).objects,
    problems: async () => (await ask<PilotProblems>("problems")).problems,
  };
}
