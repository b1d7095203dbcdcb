import type { Extension, PublicKey, X509Certificate } from "@peculiar/x509";
import type { Validity } from "../template/lifetimes.ts";

export interface SignParameters {
  readonly publicKey: PublicKey;
  readonly extensions: readonly Extension[];
  readonly validity: Validity;
}

/** Something that signs: the port between what a certificate says and who vouches for it. */
export interface Authority {
  /** PEM of every root that peers should trust. */
  readonly trustBundlePem: string;
  /** When the signing certificate ends. */
  readonly notAfterMs: number;
  sign(parameters: SignParameters): Promise<X509Certificate>;
}
