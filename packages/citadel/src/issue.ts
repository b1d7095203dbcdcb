import { Pkcs10CertificateRequest, type PublicKey, type X509Certificate } from "@peculiar/x509";
import { type Clock, failure, messageOf, type Result, type SpiffeId, success } from "@fairlead/kit";
import type { Authority } from "./ca/authority.ts";
import { workloadValidity } from "./template/lifetimes.ts";
import { type ServerNames, workloadExtensions } from "./template/workload-certificate.ts";
import { validateWorkloadCertificate } from "./validate/workload-certificate.ts";

export interface IssueOptions {
  readonly authority: Authority;
  readonly clock: Clock;
  readonly defaultTtlSeconds: number;
}

/** Who is at fault when no certificate comes of a request. */
export type IssueFailure = { readonly fault: "caller" | "citadel"; readonly message: string };

/** template → sign → validate for one attested caller. */
export async function issue(
  options: IssueOptions,
  request: { readonly id: SpiffeId; readonly publicKey: PublicKey; readonly wishedSeconds: number; readonly names?: ServerNames },
): Promise<Result<X509Certificate, IssueFailure>> {
  const validity = workloadValidity({
    nowMs: options.clock.now(),
    wishedSeconds: request.wishedSeconds,
    defaultSeconds: options.defaultTtlSeconds,
    caNotAfterMs: options.authority.notAfterMs,
  });
  if (!validity.ok) return failure({ fault: "caller", message: validity.error });
  const extensions = workloadExtensions(request.id, request.names);
  const certificate = await options.authority.sign({ publicKey: request.publicKey, extensions, validity: validity.value });
  const validated = validateWorkloadCertificate(certificate, request.id);
  return validated.ok ? validated : failure({ fault: "citadel", message: validated.error });
}

const MIN_RSA_BITS = 2048;
const CURVES = new Set(["P-256", "P-384"]);

/** Reads a CSR: whether its signature proves the key, and whether the key is strong enough. Names inside are ignored. */
export async function parseCsr(csrPem: string): Promise<Result<PublicKey, string>> {
  let csr: Pkcs10CertificateRequest;
  try {
    csr = new Pkcs10CertificateRequest(csrPem);
    if (!(await csr.verify())) return failure("the request is not signed by the key it asks for");
  } catch (error) {
    return failure(`not a PEM certificate request: ${messageOf(error)}`);
  }
  const algorithm: { readonly name: string; readonly namedCurve?: string; readonly modulusLength?: number } = csr.publicKey.algorithm;
  if (algorithm.namedCurve !== undefined && algorithm.name === "ECDSA") {
    return CURVES.has(algorithm.namedCurve) ? success(csr.publicKey) : failure(`curve ${algorithm.namedCurve} is not accepted, use P-256`);
  }
  if (algorithm.name === "Ed25519") return success(csr.publicKey);
  if (algorithm.modulusLength !== undefined && algorithm.name.startsWith("RSA")) {
    return algorithm.modulusLength >= MIN_RSA_BITS
      ? success(csr.publicKey)
      : failure(`RSA key has ${algorithm.modulusLength} bits, needs ${MIN_RSA_BITS}`);
  }
  return failure(`key algorithm ${algorithm.name} is not accepted, use ECDSA P-256`);
}
