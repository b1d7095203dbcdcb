import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
} from "@peculiar/x509";
import { failure, formatSpiffeId, type Result, type SpiffeId, success } from "@fairlead/kit";
import { BACKDATE_SECONDS, MAX_WORKLOAD_TTL_SECONDS } from "../template/lifetimes.ts";

/** Refuses to hand out a certificate that says more than it should: the last look before it leaves, independent of the template. */
export function validateWorkloadCertificate(certificate: X509Certificate, expected: SpiffeId): Result<X509Certificate, string> {
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const uris = names.filter((name) => name.type === "url").map((name) => name.value);
  const wanted = formatSpiffeId(expected);
  if (uris.length !== 1 || uris[0] !== wanted) return failure(`certificate names ${uris.join(", ") || "nobody"} instead of ${wanted}`);
  if (certificate.getExtension(BasicConstraintsExtension)?.ca !== false) return failure("certificate could sign others");
  if (certificate.getExtension(ExtendedKeyUsageExtension) === null) return failure("certificate is not limited in its use");
  const lifeSeconds = (certificate.notAfter.getTime() - certificate.notBefore.getTime()) / 1000;
  if (lifeSeconds > MAX_WORKLOAD_TTL_SECONDS + BACKDATE_SECONDS) return failure(`certificate lives ${lifeSeconds} seconds, too long`);
  return success(certificate);
}
