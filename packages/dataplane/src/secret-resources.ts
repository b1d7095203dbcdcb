import { createHash } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { SecretSchema } from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb";
import type { Certificate } from "@fairlead/identity";
import { Secret } from "@fairlead/kit";

/** Names under which Istio's proxies know their own certificate and the roots they trust. */
export const OWN_CERTIFICATE = "default";
export const TRUSTED_ROOTS = "ROOTCA";

/** One encoded `envoy.extensions.transport_sockets.tls.v3.Secret`. */
export interface SecretResource {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** The certificate as the two Secret resources that listeners and clusters refer to, for our engine and for a stock Envoy alike. */
export function toSecretResources(certificate: Certificate): readonly [own: SecretResource, roots: SecretResource] {
  const own = encode({
    name: OWN_CERTIFICATE,
    type: {
      case: "tlsCertificate",
      value: { certificateChain: inline(certificate.certificateChainPem), privateKey: inline(certificate.privateKeyPem.reveal()) },
    },
  });
  const roots = encode({
    name: TRUSTED_ROOTS,
    type: { case: "validationContext", value: { trustedCa: inline(certificate.trustBundlePem) } },
  });
  return [
    { name: OWN_CERTIFICATE, version: certificate.serialNumber, bytes: own },
    { name: TRUSTED_ROOTS, version: digest(certificate.trustBundlePem), bytes: roots },
  ];
}

/** The same for people to see: the private key is not in it. */
export function toShownSecrets(certificate: Certificate): readonly [own: SecretResource, roots: SecretResource] {
  return toSecretResources({ ...certificate, privateKeyPem: new Secret("[redacted]") });
}

/** A rotation of the certificate alone leaves the roots as they are. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function encode(secret: MessageInitShape<typeof SecretSchema>): Uint8Array {
  return toBinary(SecretSchema, create(SecretSchema, secret));
}

function inline(pem: string) {
  return { specifier: { case: "inlineBytes", value: Buffer.from(pem) } } as const;
}
