import type { PeerCertificate } from "node:tls";
import { type ChannelCredentials, experimental, type ServerCredentials } from "@grpc/grpc-js";
import { failure, formatSpiffeId, type Result, type SpiffeId, type Watch } from "@fairlead/kit";
import { type Certificate, spiffeIdOfSubjectAltName } from "./certificate.ts";

type CertificateProvider = experimental.CertificateProvider;
type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** What a TLS end needs of a certificate that changes over time. */
export type CertificateSource = Watch<Pick<Certificate, "certificateChainPem" | "privateKeyPem" | "trustBundlePem">>;

/**
 * Credentials of a gRPC server that always presents the newest certificate; connections outlive a rotation.
 * With `clientCertificate: "optional"` callers without one are let in and have no `peerSpiffeId`.
 */
export function serverCredentials(
  source: CertificateSource,
  options: { readonly clientCertificate: "required" | "optional" },
): ServerCredentials {
  const provider = certificateProvider(source);
  return experimental.createCertificateProviderServerCredentials(provider, provider, options.clientCertificate === "required");
}

/** Credentials of a gRPC client that presents the newest certificate and accepts only servers whose identity `accepts` agrees to. */
export function clientCredentials(source: CertificateSource, accepts: (server: SpiffeId) => boolean): ChannelCredentials {
  const provider = certificateProvider(source);
  return experimental.createCertificateProviderChannelCredentials(provider, provider, { checkServerIdentity: identityCheck(accepts) });
}

/** Credentials of a gRPC client that has no certificate yet: the server still has to prove an identity that `accepts` agrees to. */
export function serverOnlyCredentials(trustBundlePem: string, accepts: (server: SpiffeId) => boolean): ChannelCredentials {
  const provider = rootProvider(trustBundlePem);
  return experimental.createCertificateProviderChannelCredentials(provider, null, { checkServerIdentity: identityCheck(accepts) });
}

/** A server's check of its caller: who it is by its verified client certificate. */
export function peerSpiffeId(call: { getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate } }): Result<SpiffeId, string> {
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined) return failure("caller presented no valid client certificate");
  return spiffeIdOfSubjectAltName(certificate.subjectaltname);
}

/** Accepts one service account of one namespace. */
export function isIdentity(expected: SpiffeId): (actual: SpiffeId) => boolean {
  const wanted = formatSpiffeId(expected);
  return (actual) => formatSpiffeId(actual) === wanted;
}

function identityCheck(accepts: (server: SpiffeId) => boolean): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const id = spiffeIdOfSubjectAltName(certificate.subjectaltname);
    if (!id.ok) return new Error(`server at ${host}: ${id.error}`);
    return accepts(id.value) ? undefined : new Error(`server at ${host} is ${formatSpiffeId(id.value)}, which is not who it should be`);
  };
}

function certificateProvider(source: CertificateSource): CertificateProvider {
  const ends = new Map<CaListener | IdentityListener, () => void>();
  const follow = (listener: CaListener | IdentityListener, notify: () => void): void => {
    ends.set(listener, source.subscribe(notify));
    // grpc-js adds its own watcher only after this returns; told at once, the server would never hear of the first certificate.
    queueMicrotask(notify);
  };
  const forget = (listener: CaListener | IdentityListener): void => {
    ends.get(listener)?.();
    ends.delete(listener);
  };
  return {
    addCaCertificateListener: (listener) => follow(listener, () => listener({ caCertificate: Buffer.from(source.value.trustBundlePem) })),
    removeCaCertificateListener: forget,
    addIdentityCertificateListener: (listener) =>
      follow(listener, () =>
        listener({
          certificate: Buffer.from(source.value.certificateChainPem),
          privateKey: Buffer.from(source.value.privateKeyPem.reveal()),
        }),
      ),
    removeIdentityCertificateListener: forget,
  };
}

function rootProvider(trustBundlePem: string): CertificateProvider {
  return {
    addCaCertificateListener: (listener) => queueMicrotask(() => listener({ caCertificate: Buffer.from(trustBundlePem) })),
    removeCaCertificateListener: () => undefined,
    addIdentityCertificateListener: (listener) => listener(null),
    removeIdentityCertificateListener: () => undefined,
  };
}
