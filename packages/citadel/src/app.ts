import { CITADEL, serverCredentials } from "@fairlead/identity";
import {
  type Cancel,
  type Clock,
  createWatch,
  type Logger,
  type Monitoring,
  createMonitoring,
  splitAddress,
  type Watch,
} from "@fairlead/kit";
import { isIP } from "node:net";
import { clientCertificateAttestor } from "./attest/client-certificate.ts";
import { joinTokenAttestor } from "./attest/join-token.ts";
import { openSelfSigned } from "./ca/self-signed.ts";
import { createServingCertificate, type ServingCertificate } from "./serving-certificate.ts";
import { createCitadelMetrics } from "./metrics.ts";
import type { CitadelSettings } from "./settings.ts";
import { serveCertificateRequests } from "./sign-server/csr-server.ts";
import { DEFAULT_WORKLOAD_TTL_SECONDS } from "./template/lifetimes.ts";

/** setTimeout's range. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Wait at least so long before Citadel's own certificate is made again. */
const RENEW_RETRY_MS = 60_000;

/** A running Citadel. */
export interface Citadel {
  /** The port of the certificate API. */
  readonly port: number;
  readonly monitoring: Monitoring;
  close(): Promise<void>;
}

/** Puts Citadel together and starts to serve. */
export async function startCitadel(settings: CitadelSettings, ports: { readonly clock: Clock; readonly logger: Logger }): Promise<Citadel> {
  const { clock, logger } = ports;
  const { trustDomain } = settings;
  const authority = await openSelfSigned({ stateDirectory: settings.stateDirectory, trustDomain, clock });
  const issueOptions = { authority, clock, defaultTtlSeconds: settings.workloadCertificateTtlSeconds ?? DEFAULT_WORKLOAD_TTL_SECONDS };
  let isReady = false;
  const monitoring = createMonitoring({ address: settings.monitoringAddress, isReady: () => isReady });
  const metrics = createCitadelMetrics(monitoring.registry);
  metrics.rootExpiry.set(authority.notAfterMs / 1000);

  const { host } = splitAddress(settings.listenAddress);
  const names = { dnsNames: settings.dnsNames, ipAddresses: isIP(host) === 0 ? [] : [host] };
  const serving = await keepServingCertificate(() => createServingCertificate(issueOptions, { trustDomain, ...CITADEL }, names), ports);
  const server = await serveCertificateRequests({
    ...issueOptions,
    address: settings.listenAddress,
    credentials: serverCredentials(serving.certificate, { clientCertificate: "optional" }),
    attestors: [joinTokenAttestor({ joinTokensFile: settings.joinTokensFile, trustDomain }), clientCertificateAttestor({ trustDomain })],
    metrics,
    logger,
  });
  await monitoring.listen();
  isReady = true;
  logger.info({ address: settings.listenAddress, trustDomain }, "citadel serves certificate requests");
  return {
    port: server.port,
    monitoring,
    async close() {
      isReady = false;
      serving.stop();
      await server.close();
      await monitoring.close();
    },
  };
}

/** Citadel's own certificate, made anew at half of its life. */
async function keepServingCertificate(
  make: () => Promise<ServingCertificate>,
  ports: { readonly clock: Clock; readonly logger: Logger },
): Promise<{ readonly certificate: Watch<ServingCertificate>; stop(): void }> {
  const certificate = createWatch(await make());
  const timer: { cancel?: Cancel } = {};
  const renew = async (): Promise<void> => {
    try {
      certificate.set(await make());
    } catch (error) {
      ports.logger.error({ err: error }, "could not renew citadel's own certificate");
    }
    schedule();
  };
  const schedule = (): void => {
    const remainingMs = certificate.value.notAfterMs - ports.clock.now();
    timer.cancel = ports.clock.after(Math.min(Math.max(remainingMs / 2, RENEW_RETRY_MS), LONGEST_TIMER_MS), () => void renew());
  };
  schedule();
  return { certificate, stop: () => timer.cancel?.() };
}
