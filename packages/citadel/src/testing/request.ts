import { readFile } from "node:fs/promises";
import type { ChannelCredentials } from "@grpc/grpc-js";
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from "@peculiar/x509";
import { CITADEL, type IdentityOptions, isIdentity, requestCertificate, serverOnlyCredentials } from "@fairlead/identity";
import { systemClock } from "@fairlead/kit";

export interface Attempt {
  readonly token?: string;
  readonly csrPem?: string;
  readonly ttlSeconds?: number;
  /** A URI name to put into the request. */
  readonly wishedName?: string;
  readonly credentials?: ChannelCredentials;
}

/** One call of the certificate API as a client that may misbehave. */
export async function requestWith(port: number, options: IdentityOptions, attempt: Attempt): Promise<readonly string[]> {
  const roots = await readFile(options.settings.rootCertificateFile, "utf8");
  return requestCertificate({
    address: `127.0.0.1:${port}`,
    credentials: attempt.credentials ?? serverOnlyCredentials(roots, isIdentity({ trustDomain: options.trustDomain, ...CITADEL })),
    csrPem: attempt.csrPem ?? (await createCsr(attempt.wishedName)),
    ttlSeconds: attempt.ttlSeconds ?? 0,
    clock: systemClock,
    ...(attempt.token === undefined ? {} : { token: attempt.token }),
  });
}

async function createCsr(wishedName: string | undefined): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const extensions = wishedName === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: "url", value: wishedName }])];
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm, extensions });
  return request.toString("pem");
}
