import type { PeerCertificate } from "node:tls";
import type { Result, SpiffeId } from "@fairlead/kit";

/** What a caller shows to prove who it is. */
export interface Credentials {
  /** From gRPC metadata `authorization: Bearer …`. */
  readonly token: string | undefined;
  /** What TLS has verified of the caller. */
  readonly call: { getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate } };
}

/** Turns proof into an identity: a port, one implementation for every kind of proof. */
export interface Attestor {
  /** Constant, for logs and metrics. */
  readonly name: string;
  /** Undefined where the caller shows no proof of this kind; a failure says what is wrong with the proof. */
  attest(credentials: Credentials): Promise<Result<SpiffeId, string> | undefined>;
}
