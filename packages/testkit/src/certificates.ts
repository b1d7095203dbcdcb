// Must be loaded before @peculiar/x509: its dependency injection asks for it.
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, type X509Certificate, X509CertificateGenerator } from "@peculiar/x509";
import { createWatch, formatSpiffeId, Secret, type SpiffeId, type Watch } from "@fairlead/kit";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const VALIDITY = { notBefore: new Date("2020-01-01"), notAfter: new Date("2120-01-01") };

/** A certificate with its key and the root it leads to, as the ends of a TLS connection take it. */
export type TestCertificate = Watch<{
  readonly certificateChainPem: string;
  readonly privateKeyPem: Secret<string>;
  readonly trustBundlePem: string;
}>;

/** A certificate authority for tests. */
export interface TestAuthority {
  issue(id: SpiffeId): Promise<TestCertificate>;
}

export async function createTestAuthority(): Promise<TestAuthority> {
  const keys = await createKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    name: "CN=test root",
    ...VALIDITY,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { issue: (id) => issueLeaf({ root, signingKey: keys.privateKey }, id) };
}

/** A certificate that nobody signed but itself, with its key. */
export async function createSelfSigned(): Promise<{ readonly certificatePem: string; readonly privateKeyPem: string }> {
  const keys = await createKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({ name: "CN=test", ...VALIDITY, signingAlgorithm: ALGORITHM, keys });
  return { certificatePem: certificate.toString("pem"), privateKeyPem: await toPem(keys.privateKey) };
}

async function issueLeaf(
  authority: { readonly root: X509Certificate; readonly signingKey: webcrypto.CryptoKey },
  id: SpiffeId,
): Promise<TestCertificate> {
  const keys = await createKeys();
  const leaf = await X509CertificateGenerator.create({
    subject: "O=test",
    issuer: authority.root.subject,
    ...VALIDITY,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.signingKey,
    extensions: [new SubjectAlternativeNameExtension([{ type: "url", value: formatSpiffeId(id) }])],
  });
  return createWatch({
    certificateChainPem: leaf.toString("pem"),
    privateKeyPem: new Secret(await toPem(keys.privateKey)),
    trustBundlePem: authority.root.toString("pem"),
  });
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`;
}
