import type { Origin } from "@fairlead/kit";
import type { PortProtocol } from "./service.ts";
import type { Selector } from "./workload.ts";

/** Servers at the edge of the mesh (Istio's Gateway). */
export interface Gateway {
  /** `<namespace>/<name>`, as routing rules name it. */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  /** Workloads of any namespace that run these servers; empty: every gateway workload. */
  readonly selector: Selector;
  readonly servers: readonly GatewayServer[];
  readonly origin: Origin;
}

export interface GatewayServer {
  /** Empty when not named. */
  readonly name: string;
  readonly port: { readonly number: number; readonly protocol: PortProtocol; readonly name: string };
  /** IP address to listen on; undefined: where the gateway workload is. */
  readonly bind: string | undefined;
  readonly hosts: readonly GatewayHost[];
  readonly tls: ServerTls | undefined;
  readonly origin: Origin;
}

/** A host of a server, and whose routing rules may serve it. */
export interface GatewayHost {
  /** Namespace of the routing rules that may bind, undefined for all. */
  readonly namespace: string | undefined;
  /** `*`, `*.example.com` or a full name, lower-case. */
  readonly hostname: string;
}

export type TlsVersion = "1.0" | "1.1" | "1.2" | "1.3";

export interface ServerTls {
  readonly mode: "passthrough" | "simple" | "mutual" | "optional-mutual" | "istio-mutual";
  /** Plain requests are answered with a redirect to https; `mode` does not matter then. */
  readonly httpsRedirect: boolean;
  /** Paths on the gateway's file system; undefined for `passthrough` and `istio-mutual`. */
  readonly certificateFile: string | undefined;
  readonly privateKeyFile: string | undefined;
  /** To verify clients with (`mutual`, `optional-mutual`). */
  readonly caCertificatesFile: string | undefined;
  /** Certificates of clients that were revoked (RFC 5280). */
  readonly revokedFile: string | undefined;
  /** SHA-256 of the clients' public keys, base64, and of their certificates, hexadecimal; any of both lists has to fit, where there is one. */
  readonly publicKeyPins: readonly string[];
  readonly certificateHashes: readonly string[];
  /** Names of which the client's certificate must carry one; empty: any. */
  readonly subjectAltNames: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion | undefined;
  /** Names as Envoy knows them; empty: the proxy's defaults. */
  readonly cipherSuites: readonly string[];
}
