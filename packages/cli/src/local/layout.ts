import { join } from "node:path";
import { chooseControlPlaneAddresses } from "./loopback.ts";
import type { PlannedWorkload } from "./plan.ts";

/** Who listens where and which file is whose: everything of a local mesh that is decided before anything starts. */
export interface MeshLayout {
  readonly folder: string;
  readonly stateDirectory: string;
  readonly trustDomain: string;
  readonly workloads: readonly PlannedWorkload[];
  readonly citadel: { readonly host: string };
  readonly pilot: { readonly host: string };
  readonly mixer: { readonly host: string };
}

export const PORTS = {
  pilotXds: 15012,
  monitoring: 15014,
  citadel: 8060,
  mixerReport: 9091,
  mixerQuery: 9090,
  proxyAdmin: 15000,
  proxyAgent: 15020,
  httpProxy: 15080,
} as const;

/** Namespace of the control plane's own identities. */
export const CONTROL_PLANE_NAMESPACE = "fairlead-system";

export function createLayout(options: {
  readonly folder: string;
  readonly stateDirectory: string;
  readonly workloads: readonly PlannedWorkload[];
}): MeshLayout {
  const addresses = options.workloads.map((workload) => workload.address);
  const [pilot = "127.0.10.1", citadel = "127.0.10.2", mixer = "127.0.10.3"] = chooseControlPlaneAddresses(addresses, 3);
  return { ...options, trustDomain: "cluster.local", citadel: { host: citadel }, pilot: { host: pilot }, mixer: { host: mixer } };
}

export function proxiedWorkloads(layout: MeshLayout): readonly (PlannedWorkload & { readonly proxy: "sidecar" | "gateway" })[] {
  return layout.workloads.flatMap((workload) => (workload.proxy === "none" ? [] : [{ ...workload, proxy: workload.proxy }]));
}

/** Files below the state directory. */
export function paths(stateDirectory: string): {
  readonly settings: (name: string) => string;
  readonly token: (name: string) => string;
  readonly log: (name: string) => string;
  readonly joinTokens: string;
  readonly citadel: string;
  readonly rootCertificate: string;
  readonly pilot: string;
  readonly mixer: string;
  readonly proxy: (name: string) => string;
} {
  return {
    settings: (name) => join(stateDirectory, "settings", `${name}.json`),
    token: (name) => join(stateDirectory, "tokens", name),
    log: (name) => join(stateDirectory, "logs", `${name}.log`),
    joinTokens: join(stateDirectory, "join-tokens.json"),
    citadel: join(stateDirectory, "citadel"),
    rootCertificate: join(stateDirectory, "citadel", "root-cert.pem"),
    pilot: join(stateDirectory, "pilot"),
    mixer: join(stateDirectory, "mixer"),
    proxy: (name) => join(stateDirectory, "proxies", name),
  };
}
