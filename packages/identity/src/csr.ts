import { generateKeyPair, sign } from "node:crypto";
import { promisify } from "node:util";
import { CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier, Name, SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
import { Secret } from "@fairlead/kit";

export interface CertificateRequest {
  /** PEM of the PKCS#10 request; carries the key only, the identity is Citadel's to write. */
  readonly csrPem: string;
  /** PEM, PKCS#8. */
  readonly privateKeyPem: Secret<string>;
}

/** ecdsa-with-SHA256 (RFC 5758 §3.2). */
const ECDSA_SHA256 = "1.2.840.10045.4.3.2";

/** A new P-256 key and a request for its certificate (RFC 2986). */
export async function createCertificateRequest(): Promise<CertificateRequest> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: new Name(),
    subjectPKInfo: AsnConvert.parse(publicKey.export({ type: "spki", format: "der" }), SubjectPublicKeyInfo),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(certificationRequestInfo)), privateKey);
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ECDSA_SHA256 }),
    signature: new Uint8Array(signature).buffer,
  });
  return {
    csrPem: toPem("CERTIFICATE REQUEST", AsnConvert.serialize(request)),
    privateKeyPem: new Secret(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
  };
}

function toPem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
