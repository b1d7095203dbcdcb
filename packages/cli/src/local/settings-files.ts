import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CONTROL_PLANE_NAMESPACE, type MeshLayout, paths, PORTS, proxiedWorkloads } from "./layout.ts";
import type { PlannedWorkload } from "./plan.ts";

/** How a local mesh differs from a default one; for tests and the smoke run. */
export interface SettingsOptions {
  /** Lifetime of the workloads' certificates. */
  readonly workloadCertificateTtlSeconds?: number;
  /** How long a proxy may take to finish requests in flight when it stops. */
  readonly drainMs?: number;
  /** Threads of each proxy. */
  readonly workers?: number;
  /** Where proxies meet the processes that take over from them; its path must be short. Without it none does. */
  readonly handoverFolder?: string;
  /** `limits` of each proxy's settings. */
  readonly limits?: object;
  /** Whether a workload's proxy is ours or a stock Envoy with our agent, and how it asks Pilot; ours and delta unless said otherwise. */
  readonly proxyOf?: (workloadName: string) => ProxyChoice;
}

export interface ProxyChoice {
  readonly engine?: "fairlead" | "envoy";
  /** Envoy's binary; found by PATH where absent. */
  readonly envoyPath?: string;
  readonly xds?: "delta" | "sotw";
}

interface ServiceAccount {
  readonly namespace: string;
  readonly serviceAccount: string;
}

const DEFAULT_DRAIN_MS = 2_000;
/** Many proxies share one machine: a thread each is plenty and keeps them small. */
const DEFAULT_WORKERS = 1;

/**
 * Writes the settings file and join token of every process (docs/architecture.md), readable by this user only.
 * `newToken` makes an unguessable text; a token is valid for one workload until the next start.
 */
export function writeSettingsFiles(layout: MeshLayout, options: SettingsOptions, newToken: () => string): void {
  const files = paths(layout.stateDirectory);
  const joinTokens: { readonly tokenSha256: string; readonly namespace: string; readonly serviceAccount: string }[] = [];
  /** `folder` is the process's own: its key is kept there and nowhere else, so that it can start while Citadel is away. */
  const identity = (name: string, folder: string, { namespace, serviceAccount }: ServiceAccount): object => {
    const token = newToken();
    writePrivate(files.token(name), token);
    joinTokens.push({ tokenSha256: createHash("sha256").update(token).digest("hex"), namespace, serviceAccount });
    const citadelAddress = `${layout.citadel.host}:${PORTS.citadel}`;
    return {
      citadelAddress,
      rootCertificateFile: files.rootCertificate,
      tokenFile: files.token(name),
      namespace,
      serviceAccount,
      keptCertificateFile: join(folder, "certificate.json"),
    };
  };
  const write = (name: string, settings: object): void => writePrivate(files.settings(name), JSON.stringify(settings, undefined, 2));

  const { trustDomain } = layout;
  write("pilot", {
    listenAddress: `${layout.pilot.host}:${PORTS.pilotXds}`,
    monitoringAddress: `${layout.pilot.host}:${PORTS.monitoring}`,
    configDirectory: layout.folder,
    trustDomain,
    identity: identity("pilot", files.pilot, { namespace: CONTROL_PLANE_NAMESPACE, serviceAccount: "pilot" }),
  });
  write("mixer", {
    listenAddress: `${layout.mixer.host}:${PORTS.mixerReport}`,
    queryAddress: `${layout.mixer.host}:${PORTS.mixerQuery}`,
    monitoringAddress: `${layout.mixer.host}:${PORTS.monitoring}`,
    stateDirectory: files.mixer,
    trustDomain,
    identity: identity("mixer", files.mixer, { namespace: CONTROL_PLANE_NAMESPACE, serviceAccount: "mixer" }),
  });
  for (const workload of proxiedWorkloads(layout)) {
    const owner = identity(workload.name, files.proxy(workload.name), workload);
    write(proxyName(workload), proxySettings(workload, { layout, options, identity: owner }));
  }
  write("citadel", {
    listenAddress: `${layout.citadel.host}:${PORTS.citadel}`,
    monitoringAddress: `${layout.citadel.host}:${PORTS.monitoring}`,
    stateDirectory: files.citadel,
    trustDomain,
    joinTokensFile: files.joinTokens,
    workloadCertificateTtlSeconds: options.workloadCertificateTtlSeconds,
  });
  writePrivate(files.joinTokens, JSON.stringify(joinTokens));
}

/** Name of the process that is a workload's proxy. */
export function proxyName(workload: Pick<PlannedWorkload, "name">): string {
  return `${workload.name}-proxy`;
}

/** Where the agent beside a stock Envoy answers; undefined for a proxy of ours. */
export function agentAddress({ name, address }: Pick<PlannedWorkload, "name" | "address">, options: SettingsOptions): string | undefined {
  return options.proxyOf?.(name).engine === "envoy" ? `${address}:${PORTS.proxyAgent}` : undefined;
}

function proxySettings(
  workload: ReturnType<typeof proxiedWorkloads>[number],
  context: { readonly layout: MeshLayout; readonly options: SettingsOptions; readonly identity: object },
): object {
  const { layout, options, identity } = context;
  const isSidecar = workload.proxy === "sidecar";
  return {
    type: workload.proxy,
    name: workload.name,
    namespace: workload.namespace,
    serviceAccount: workload.serviceAccount,
    labels: workload.labels,
    addresses: [workload.address],
    trustDomain: layout.trustDomain,
    interceptionMode: "NONE",
    appAddress: isSidecar ? (workload.application?.host ?? workload.address) : undefined,
    httpProxyPort: isSidecar ? PORTS.httpProxy : undefined,
    adminAddress: `${workload.address}:${PORTS.proxyAdmin}`,
    stateDirectory: paths(layout.stateDirectory).proxy(workload.name),
    workers: options.workers ?? DEFAULT_WORKERS,
    drainMs: options.drainMs ?? DEFAULT_DRAIN_MS,
    ...(options.handoverFolder === undefined ? {} : { handoverPath: join(options.handoverFolder, `${workload.name}.sock`) }),
    limits: options.limits,
    ...options.proxyOf?.(workload.name),
    agentAddress: agentAddress(workload, options),
    identity,
    pilot: { address: `${layout.pilot.host}:${PORTS.pilotXds}` },
    mixer: { address: `${layout.mixer.host}:${PORTS.mixerReport}` },
  };
}

function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}
