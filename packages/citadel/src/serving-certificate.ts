import { PemConverter, PublicKey } from "@peculiar/x509";
import { Secret, type SpiffeId } from "@fairlead/kit";
import { issue, type IssueOptions } from "./issue.ts";
import type { ServerNames } from "./template/workload-certificate.ts";

export interface ServingCertificate {
  readonly certificateChainPem: string;
  readonly privateKeyPem: Secret<string>;
  readonly trustBundlePem: string;
  readonly notAfterMs: number;
}

/** A key and certificate for Citadel's own server, signed by the CA it serves. */
export async function createServingCertificate(options: IssueOptions, id: SpiffeId, names: ServerNames): Promise<ServingCertificate> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const issued = await issue(options, { id, publicKey: await PublicKey.create(keys.publicKey), wishedSeconds: 0, names });
  if (!issued.ok) throw new Error(`could not sign citadel's own certificate: ${issued.error.message}`);
  return {
    certificateChainPem: `${issued.value.toString("pem")}\n`,
    privateKeyPem: new Secret(`${PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")}\n`),
    trustBundlePem: options.authority.trustBundlePem,
    notAfterMs: issued.value.notAfter.getTime(),
  };
}
