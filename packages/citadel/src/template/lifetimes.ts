import { failure, type Result, success } from "@fairlead/kit";

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** Where a request wishes for nothing. */
export const DEFAULT_WORKLOAD_TTL_SECONDS = DAY_SECONDS;
/** Istio's MAX_WORKLOAD_CERT_TTL. */
export const MAX_WORKLOAD_TTL_SECONDS = 90 * DAY_SECONDS;
/** Istio's CITADEL_SELF_SIGNED_CA_CERT_TTL. */
export const ROOT_TTL_SECONDS = 3650 * DAY_SECONDS;
/** A root is replaced when less than this share of its life is left. */
export const ROOT_GRACE_SHARE = 0.2;
/** Certificates begin in the past, for clocks that run behind. */
export const BACKDATE_SECONDS = 120;

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The validity of a workload certificate: as wished, at most what is allowed, never beyond the CA's own end. */
export function workloadValidity(options: {
  readonly nowMs: number;
  /** 0 where the request leaves it to the CA. */
  readonly wishedSeconds: number;
  readonly defaultSeconds: number;
  readonly caNotAfterMs: number;
}): Result<Validity, string> {
  const seconds = options.wishedSeconds === 0 ? options.defaultSeconds : options.wishedSeconds;
  if (seconds < 0) return failure(`validity_duration must be positive, got ${seconds} seconds`);
  if (seconds > MAX_WORKLOAD_TTL_SECONDS)
    return failure(`validity_duration must be at most ${MAX_WORKLOAD_TTL_SECONDS} seconds, got ${seconds}`);
  if (options.caNotAfterMs <= options.nowMs) return failure("the root certificate has expired");
  return success({
    notBeforeMs: options.nowMs - BACKDATE_SECONDS * 1000,
    notAfterMs: Math.min(options.nowMs + seconds * 1000, options.caNotAfterMs),
  });
}
