// Must be loaded before the library: its dependency injection asks for it.
import "reflect-metadata";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { Secret } from "@fairlead/kit";

export interface CertificateRequest {
  /** PEM of the PKCS#10 request; carries the key only, the identity is Citadel's to write. */
  readonly csrPem: string;
  /** PEM, PKCS#8. */
  readonly privateKeyPem: Secret<string>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A new P-256 key and a request for its certificate. */
export async function createCertificateRequest(): Promise<CertificateRequest> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: ALGORITHM });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { csrPem: request.toString("pem"), privateKeyPem: new Secret(toPem("PRIVATE KEY", pkcs8)) };
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
