// Must be loaded before the library: its dependency injection asks for it.
import "reflect-metadata";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

export interface TestCertificate {
  readonly spiffeId: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A root and two workloads of it, as files, for the peers that get theirs from files. */
export interface TestCertificates {
  readonly rootFile: string;
  readonly client: TestCertificate;
  readonly server: TestCertificate;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

export async function createTestCertificates(directory: string): Promise<TestCertificates> {
  mkdirSync(directory, { mode: 0o700 });
  const nowMs = Date.now();
  const validity = { notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + DAY_MS) };
  const rootKeys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const root = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: "O=bench",
    keys: rootKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const rootFile = join(directory, "root.pem");
  writeFileSync(rootFile, root.toString("pem"));
  const issue = async (name: "client" | "server"): Promise<TestCertificate> => {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const spiffeId = `spiffe://cluster.local/ns/default/sa/${name}`;
    const certificate = await X509CertificateGenerator.create({
      ...validity,
      subject: "",
      issuer: root.subject,
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new SubjectAlternativeNameExtension([{ type: "url", value: spiffeId }], true)],
    });
    const certificateFile = join(directory, `${name}.pem`);
    const keyFile = join(directory, `${name}-key.pem`);
    writeFileSync(certificateFile, certificate.toString("pem"));
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
    writeFileSync(keyFile, toPem("PRIVATE KEY", pkcs8), { mode: 0o600 });
    return { spiffeId, certificateFile, keyFile };
  };
  return { rootFile, client: await issue("client"), server: await issue("server") };
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
