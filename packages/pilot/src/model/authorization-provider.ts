import type { Origin } from "@fairlead/kit";
import type { StringPattern } from "./access-policy.ts";

/** A service that is asked whether requests may pass (Istio's `extensionProviders` of ext_authz). */
export interface AuthorizationProvider {
  readonly name: string;
  /** Full name of the service's host, lower-case. */
  readonly host: string;
  /** Where the service has to be defined; undefined: anywhere. */
  readonly namespace: string | undefined;
  readonly port: number;
  readonly timeoutMs: number;
  /** Whether requests pass when the service does not answer. */
  readonly failsOpen: boolean;
  /** Headers that the service changed may lead to another route. */
  readonly clearsRoute: boolean;
  /** Of the answer to requests that could not be asked about; undefined: 403. */
  readonly statusOnError: number | undefined;
  /** How much of the body the service gets; undefined: nothing. */
  readonly body: { readonly maxBytes: number; readonly allowsPartial: boolean; readonly asBytes: boolean } | undefined;
  readonly protocol: { readonly kind: "grpc" } | HttpAuthorization;
  readonly origin: Origin;
}

export interface HttpAuthorization {
  readonly kind: "http";
  /** Stands before the request's path. */
  readonly pathPrefix: string;
  /** Headers of the request that the service gets. */
  readonly requestHeaders: readonly StringPattern[];
  readonly addedHeaders: Readonly<Record<string, string>>;
  /** Headers of its answer that the application gets; that the client gets when it denies, and when it allows. */
  readonly upstreamHeaders: readonly StringPattern[];
  readonly deniedHeaders: readonly StringPattern[];
  readonly allowedHeaders: readonly StringPattern[];
}
