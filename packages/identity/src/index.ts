export { type Certificate, parseLeaf, spiffeIdOfSubjectAltName } from "./certificate.ts";
export { requestCertificate, type SignRequest } from "./certificate-client.ts";
export {
  type CertificateSource,
  clientCredentials,
  isIdentity,
  peerSpiffeId,
  serverCredentials,
  serverOnlyCredentials,
} from "./grpc-credentials.ts";
export { CITADEL, type Identity, type IdentityOptions, MIXER, obtainIdentity, PILOT, renewalDelayMs } from "./identity.ts";
export { type IdentitySettings, identitySettingsSchema } from "./settings.ts";
