import type { Origin } from "@fairlead/kit";
import type { StringMatch } from "../model/routing-rule.ts";
import type { TlsVersion } from "../model/gateway.ts";
import type { NetworkFilter } from "./filter.ts";
import type { CertificateSource, TrustSource } from "./secret.ts";

export type { TlsVersion };

/** Where connections come in. */
export interface Listener {
  readonly name: string;
  readonly binding: ListenerBinding;
  readonly direction: "inbound" | "outbound";
  /** Gives a redirected connection to the listener of the address that it was meant for, if there is one. */
  readonly useOriginalDestination: boolean;
  readonly inspectors: readonly Inspector[];
  readonly filterChains: readonly FilterChain[];
  /** For connections that no other chain is for; undefined: they are closed. */
  readonly defaultFilterChain: FilterChain | undefined;
  readonly origins: readonly Origin[];
}

export type ListenerBinding =
  | { readonly kind: "socket"; readonly address: string; readonly port: number }
  /** Only other listeners hand it connections. */
  | { readonly kind: "unbound"; readonly address: string; readonly port: number }
  /** Reached inside the proxy by its name. */
  | { readonly kind: "internal" };

/** What looks at a connection before a chain is chosen. */
export type Inspector = "original-destination" | "tls" | "http";

export interface FilterChain {
  readonly name: string;
  readonly match: FilterChainMatch;
  /** undefined: plaintext, or TLS that is passed through. */
  readonly tls: ServerTlsContext | undefined;
  readonly filters: readonly NetworkFilter[];
}

/** Every condition that is said has to hold; the most specific chain wins. */
export interface FilterChainMatch {
  readonly destinationPort?: number;
  /** CIDR blocks of the destination. */
  readonly destinationSubnets?: readonly string[];
  readonly serverNames?: readonly string[];
  readonly transport?: "tls" | "raw";
  readonly applicationProtocols?: readonly string[];
}

export interface ServerTlsContext {
  readonly certificate: CertificateSource;
  /** `optional`: verified when there is one. */
  readonly clientCertificate: "none" | "optional" | "required";
  readonly trust: TrustSource | undefined;
  /** Names of which the client's certificate must carry one; empty: any that is trusted. */
  readonly subjectAltNames: readonly StringMatch[];
  /** SHA-256 of public keys (base64) and of certificates (hexadecimal), any of which the client's has to fit; empty: any. */
  readonly publicKeyPins: readonly string[];
  readonly certificateHashes: readonly string[];
  readonly alpn: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion | undefined;
  readonly cipherSuites: readonly string[];
}
