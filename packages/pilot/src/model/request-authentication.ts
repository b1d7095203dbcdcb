import type { Origin } from "@fairlead/kit";
import type { Selector } from "./workload.ts";

/** Which tokens of end users are good at some workloads (Istio's RequestAuthentication). */
export interface RequestAuthentication {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  /** Workloads of the namespace (of all, in the root namespace) it is for; empty: all of them. */
  readonly selector: Selector;
  readonly rules: readonly TokenRule[];
  readonly origin: Origin;
}

/** Tokens of one issuer. A request without one passes; a request with one that is not good does not. */
export interface TokenRule {
  /** Empty: any. */
  readonly issuer: string;
  /** One of them has to be in the token; empty: any. */
  readonly audiences: readonly string[];
  readonly keys: TokenKeys;
  /** Without any place a token is in `authorization: Bearer …` or the parameter `access_token`. */
  readonly headers: readonly { readonly name: string; readonly prefix: string }[];
  readonly parameters: readonly string[];
  readonly cookies: readonly string[];
  /** The application gets the token, too. */
  readonly isForwarded: boolean;
  /** Header in which the application gets the payload. */
  readonly payloadHeader: string | undefined;
  readonly claimHeaders: readonly { readonly header: string; readonly claim: string }[];
  /** Claims that are lists written with spaces, sorted. */
  readonly spaceDelimitedClaims: readonly string[];
  readonly origin: Origin;
}

export type TokenKeys =
  /** JSON Web Key Set (RFC 7517). */
  | { readonly kind: "inline"; readonly jwks: string }
  | {
      readonly kind: "remote";
      readonly uri: string;
      readonly host: string;
      readonly port: number;
      readonly isTls: boolean;
      readonly timeoutMs: number;
    }
  /** Nobody said where they are: no token is good. */
  | { readonly kind: "unknown" };
