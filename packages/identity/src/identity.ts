import { readFile } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import {
  type Cancel,
  type Clock,
  createBackoff,
  createWatch,
  formatSpiffeId,
  type Logger,
  type MutableWatch,
  sleep,
  type SpiffeId,
  type Watch,
} from "@fairlead/kit";
import { type Certificate, parseLeaf } from "./certificate.ts";
import { requestCertificate, type SignRequest } from "./certificate-client.ts";
import { createCertificateRequest } from "./csr.ts";
import { clientCredentials, isIdentity, serverOnlyCredentials } from "./grpc-credentials.ts";
import { createKeptCertificate, type KeptCertificate } from "./kept-certificate.ts";
import type { IdentitySettings } from "./settings.ts";

/** Citadel's own identity, in the trust domain of the mesh. */
export const CITADEL = { namespace: "fairlead-system", serviceAccount: "citadel" } as const;
/** Pilot's. */
export const PILOT = { namespace: "fairlead-system", serviceAccount: "pilot" } as const;
/** Mixer's. */
export const MIXER = { namespace: "fairlead-system", serviceAccount: "mixer" } as const;

/** A process's identity while it lives: its newest certificate, renewed in time. */
export interface Identity {
  readonly certificate: Watch<Certificate>;
  /** Replaces key and certificate now; rejects where Citadel refuses or cannot be reached, the old ones then stay. */
  rotate(): Promise<void>;
  stop(): void;
}

export interface IdentityOptions {
  readonly settings: IdentitySettings;
  readonly trustDomain: string;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const RETRY_BASE_MS = 250;
const RETRY_MAX_MS = 15_000;
/** Renewal at this share of the lifetime, spread by the jitter so that a fleet does not renew at once (Istio: 0.5 ± 0.01). */
const RENEW_AT = 0.5;
const RENEW_JITTER = 0.1;

/**
 * Obtains the first certificate, trying until it has one or `signal` aborts, and keeps it renewed from then on. While Citadel does not answer, one that
 * was kept serves, if it is still valid.
 */
export async function obtainIdentity(options: IdentityOptions): Promise<Identity> {
  const { settings, trustDomain, clock, logger } = options;
  const { namespace, serviceAccount, keptCertificateFile: path } = settings;
  const spiffeId = formatSpiffeId({ trustDomain, namespace, serviceAccount });
  const kept = path === undefined ? undefined : createKeptCertificate({ path, spiffeId, clock, logger });
  const first = await retrying(options, () => obtainFirst(options, kept));
  const identity = new RenewedIdentity(options, first.certificate, kept);
  identity.start(first.isKept);
  return identity;
}

interface FirstCertificate {
  readonly certificate: Certificate;
  readonly isKept: boolean;
}

async function obtainFirst(options: IdentityOptions, kept: KeptCertificate | undefined): Promise<FirstCertificate> {
  try {
    const certificate = await obtain(options, undefined);
    await kept?.save(certificate);
    return { certificate, isKept: false };
  } catch (error) {
    // A citadel that refuses is obeyed.
    const certificate = isRefusal(error) ? undefined : await kept?.load();
    if (certificate === undefined) throw error;
    const notAfter = new Date(certificate.notAfterMs).toISOString();
    options.logger.warn({ err: error, notAfter }, "no certificate from citadel: using the one that was kept");
    return { certificate, isKept: true };
  }
}

class RenewedIdentity implements Identity {
  readonly certificate: MutableWatch<Certificate>;
  readonly #options: IdentityOptions;
  readonly #kept: KeptCertificate | undefined;
  readonly #stopped = new AbortController();
  #cancelTimer: Cancel = () => undefined;

  constructor(options: IdentityOptions, first: Certificate, kept: KeptCertificate | undefined) {
    this.#options = options;
    this.#kept = kept;
    this.certificate = createWatch(first);
  }

  start(isRenewedNow: boolean): void {
    if (isRenewedNow) void this.#renew();
    else this.#schedule();
  }

  async rotate(): Promise<void> {
    const next = await obtain(this.#options, this.certificate);
    await this.#kept?.save(next);
    this.certificate.set(next);
    this.#options.logger.info(
      { serialNumber: next.serialNumber, notAfter: new Date(next.notAfterMs).toISOString() },
      "certificate renewed",
    );
    this.#schedule();
  }

  stop(): void {
    this.#stopped.abort();
    this.#cancelTimer();
  }

  #schedule(): void {
    this.#cancelTimer();
    if (this.#stopped.signal.aborted) return;
    this.#cancelTimer = this.#options.clock.after(renewalDelayMs(this.certificate.value, this.#options), () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#stopped.signal]);
    try {
      await retrying({ ...this.#options, signal }, () => this.rotate());
    } catch (error) {
      if (!signal.aborted) this.#options.logger.error({ err: error }, "certificate renewal ended");
    }
  }
}

/** Milliseconds from now until the certificate should be replaced. */
export function renewalDelayMs(
  certificate: Pick<Certificate, "notBeforeMs" | "notAfterMs">,
  options: Pick<IdentityOptions, "clock" | "random">,
): number {
  // Not counted from notBefore, which is backdated for clock skew.
  const remainingMs = certificate.notAfterMs - options.clock.now();
  const share = RENEW_AT + (options.random() - 0.5) * RENEW_JITTER;
  // setTimeout's range; a longer wait just renews sooner.
  return Math.min(Math.max(0, remainingMs * share), 2 ** 31 - 1);
}

async function obtain(options: IdentityOptions, current: Watch<Certificate> | undefined): Promise<Certificate> {
  const { settings, trustDomain } = options;
  const request = await createCertificateRequest();
  const isCitadel = isIdentity({ trustDomain, ...CITADEL });
  const common = {
    address: settings.citadelAddress,
    csrPem: request.csrPem,
    ttlSeconds: settings.certificateTtlSeconds ?? 0,
    clock: options.clock,
  };
  const chain =
    (await withOwnCertificate(common, current, isCitadel, options)) ??
    (await requestCertificate({
      ...common,
      credentials: serverOnlyCredentials(await readFile(settings.rootCertificateFile, "utf8"), isCitadel),
      token: (await readFile(settings.tokenFile, "utf8")).trim(),
    }));
  return toCertificate(chain, request.privateKeyPem, {
    trustDomain,
    namespace: settings.namespace,
    serviceAccount: settings.serviceAccount,
  });
}

/** Renews by the certificate at hand; answers undefined where that is refused or has expired, so that the token is tried. */
async function withOwnCertificate(
  common: Pick<SignRequest, "address" | "csrPem" | "ttlSeconds" | "clock">,
  current: Watch<Certificate> | undefined,
  isCitadel: (id: SpiffeId) => boolean,
  options: IdentityOptions,
): Promise<readonly string[] | undefined> {
  if (current === undefined || current.value.notAfterMs <= options.clock.now()) return undefined;
  try {
    return await requestCertificate({ ...common, credentials: clientCredentials(current, isCitadel) });
  } catch (error) {
    options.logger.warn({ err: error }, "renewal by certificate failed, trying the token");
    return undefined;
  }
}

function toCertificate(chain: readonly string[], privateKeyPem: Certificate["privateKeyPem"], expected: SpiffeId): Certificate {
  const [root] = chain.slice(-1);
  if (root === undefined || chain.length < 2)
    throw new Error(`citadel answered ${chain.length} certificates, expected the leaf and at least its root`);
  const certificateChainPem = chain.slice(0, -1).join("");
  const leaf = parseLeaf(certificateChainPem);
  if (!leaf.ok) throw new Error(`citadel answered an unusable certificate: ${leaf.error}`);
  const wanted = formatSpiffeId(expected);
  if (leaf.value.spiffeId !== wanted)
    throw new Error(`citadel issued ${leaf.value.spiffeId}, expected ${wanted}; does the token belong to this workload?`);
  return { ...leaf.value, certificateChainPem, privateKeyPem, trustBundlePem: root };
}

/** gRPC codes that no retry heals soon; still retried, only said louder. */
const REFUSED = new Set<number>([status.PERMISSION_DENIED, status.UNAUTHENTICATED, status.INVALID_ARGUMENT]);

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "number" && REFUSED.has(error.code);
}

async function retrying<Value>(options: IdentityOptions, attempt: () => Promise<Value>): Promise<Value> {
  const backoff = createBackoff({ baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS, random: options.random });
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      options.signal.throwIfAborted();
      const delayMs = backoff.next();
      options.logger[isRefusal(error) ? "error" : "warn"](
        { err: error, citadel: options.settings.citadelAddress, retryInMs: Math.round(delayMs) },
        "no certificate from citadel",
      );
      await sleep(options.clock, delayMs, options.signal);
    }
  }
}
