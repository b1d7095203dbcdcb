import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Certificate, type Identity, obtainIdentity } from "@fairlead/identity";
import type { Clock, Logger } from "@fairlead/kit";
import { createAgentServer } from "../admin/certificates.ts";
import { rotateCertificates, toProxyCertificates } from "../certificates.ts";
import { toSecretResources } from "../secret-resources.ts";
import type { Settings } from "../settings.ts";
import { toEnvoyBootstrap } from "./envoy-bootstrap.ts";
import { EnvoyProcess } from "./envoy-process.ts";
import { type SdsServer, startSdsServer } from "./sds-server.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Called when Envoy cannot be kept running. */
  readonly onFatal: (reason: string) => void;
}

/** A process that stands beside a stock Envoy: identity, secrets, bootstrap, supervision. Envoy itself talks to Pilot. */
export interface Agent {
  /** Drains and ends Envoy; a second call waits for the first. */
  stop(): Promise<void>;
}

/** Starts Envoy with this workload's identity and bootstrap; Envoy waits for its certificate until Citadel has answered. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { settings, logger } = options;
  mkdirSync(settings.stateDirectory, { recursive: true, mode: 0o700 });
  const socketPath = toSocketPath(settings.stateDirectory);
  const sds = await startSdsServer(socketPath, logger);
  const bootstrapPath = join(settings.stateDirectory, "envoy-bootstrap.json");
  writeFileSync(bootstrapPath, JSON.stringify(toEnvoyBootstrap(settings, socketPath), null, 2), { mode: 0o600 });
  const envoy = new EnvoyProcess({
    ...options,
    path: settings.envoyPath ?? "envoy",
    bootstrapPath,
    workers: settings.workers,
    logLevel: settings.logLevel,
    drainMs: settings.drainMs,
    adminAddress: settings.adminAddress,
  });
  const identityEnd = new AbortController();
  let current: Identity | undefined;
  const identity = followIdentity(options, sds, identityEnd.signal).then((obtained) => (current = obtained));
  const admin =
    settings.agentAddress === undefined
      ? undefined
      : createAgentServer(settings.agentAddress, {
          certificates: () => toProxyCertificates(current?.certificate.value, options.clock),
          rotateCertificates: () => rotateCertificates(current),
        });
  await admin?.listen();
  envoy.start();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    identityEnd.abort();
    await envoy.stop();
    (await identity)?.stop();
    await admin?.close();
    sds.close();
    if (dirname(socketPath) !== settings.stateDirectory) rmSync(dirname(socketPath), { recursive: true, force: true });
    logger.info("stopped");
  };
  return { stop: () => (stopping ??= stop()) };
}

async function followIdentity(options: AgentOptions, sds: SdsServer, signal: AbortSignal): Promise<Identity | undefined> {
  const { settings, logger } = options;
  const publish = (certificate: Certificate): void => sds.publish(toSecretResources(certificate));
  try {
    const identity = await obtainIdentity({ ...options, settings: settings.identity, trustDomain: settings.trustDomain, signal });
    logger.info({ spiffeId: identity.certificate.value.spiffeId }, "identity obtained");
    identity.certificate.subscribe(publish);
    publish(identity.certificate.value);
    return identity;
  } catch (error) {
    if (!signal.aborted) logger.error({ err: error }, "no identity");
    return undefined;
  }
}

/** A socket's path has room for 107 bytes (unix(7)); a long state directory leaves none for the name. */
const SOCKET_PATH_LIMIT = 107;

function toSocketPath(stateDirectory: string): string {
  const path = join(stateDirectory, "sds.sock");
  return Buffer.byteLength(path) <= SOCKET_PATH_LIMIT ? path : join(mkdtempSync(join(tmpdir(), "fairlead-")), "sds.sock");
}
