import { X509Certificate } from "node:crypto";
import type { ProxyCertificates } from "@fairlead/api";
import type { Certificate, Identity } from "@fairlead/identity";
import type { Clock } from "@fairlead/kit";

/** Replaces key and certificate now; rejects where Citadel refuses or cannot be reached, and where there is no identity yet. */
export async function rotateCertificates(identity: Identity | undefined): Promise<void> {
  if (identity === undefined) throw Object.assign(new Error("there is no certificate yet: citadel has not answered"), { statusCode: 503 });
  await identity.rotate();
}

/** A certificate as the admin API shows it: names and dates, no key. */
export function toProxyCertificates(certificate: Certificate | undefined, clock: Clock): ProxyCertificates {
  if (certificate === undefined) return { certificate: null };
  const { spiffeId, serialNumber, notBeforeMs, notAfterMs } = certificate;
  return {
    certificate: {
      spiffeId,
      serialNumber,
      validFrom: new Date(notBeforeMs).toISOString(),
      validTo: new Date(notAfterMs).toISOString(),
      remainingMs: notAfterMs - clock.now(),
      trustedRootFingerprints: certificatesOf(certificate.trustBundlePem).map((pem) => fingerprint(pem)),
    },
  };
}

function certificatesOf(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}
