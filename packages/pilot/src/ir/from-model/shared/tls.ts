import type { ClusterTls } from "../../cluster.ts";
import type { ServerTlsContext } from "../../listener.ts";
import type { ClientTls } from "../../../model/traffic-policy.ts";

/** What mesh clients offer; servers know them by it. */
export const MESH_ALPN = "istio";
/** What servers know mesh clients by: ours and those of Istio. */
export const MESH_CLIENT_ALPN: readonly string[] = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];
/** What servers of the mesh choose from, the most wanted first. */
const MESH_SERVER_ALPN: readonly string[] = ["h2", MESH_ALPN, "http/1.1"];
/** Where Linux distributions keep the roots of the public web. */
const PUBLIC_ROOTS_FILE = "/etc/ssl/certs/ca-certificates.crt";

/** Mutual TLS with the mesh's identities, towards a service. */
export function meshClientTls(options: {
  readonly subjectAltNames: readonly string[];
  readonly serverName: string;
  readonly isHttp2: boolean;
}): ClusterTls {
  return {
    certificate: { kind: "workload" },
    trust: { kind: "mesh" },
    subjectAltNames: options.subjectAltNames,
    verifiesRequestHost: false,
    serverName: { kind: "fixed", name: options.serverName },
    alpn: options.isHttp2 ? [MESH_ALPN, "h2"] : [MESH_ALPN],
  };
}

/** TLS as a traffic policy says, to a server outside the mesh. Where no name is given the server has to be the one that was asked for. */
export function explicitClientTls(
  tls: ClientTls,
  options: { readonly hostname: string; readonly subjectAltNames: readonly string[]; readonly isHttp: boolean; readonly isHttp2: boolean },
): ClusterTls {
  const { certificateFile, privateKeyFile, caCertificatesFile } = tls;
  const hasFixedHost = !options.isHttp && !options.hostname.startsWith("*");
  const sni = tls.sni ?? (hasFixedHost ? options.hostname : undefined);
  const expected = options.subjectAltNames.length === 0 && hasFixedHost ? [options.hostname] : options.subjectAltNames;
  return {
    certificate:
      tls.mode === "mutual" && certificateFile !== undefined && privateKeyFile !== undefined
        ? { kind: "files", certificateFile, privateKeyFile }
        : undefined,
    trust: tls.insecureSkipVerify
      ? undefined
      : { kind: "file", file: caCertificatesFile ?? PUBLIC_ROOTS_FILE, revokedFile: tls.revokedFile },
    subjectAltNames: tls.insecureSkipVerify ? [] : expected,
    verifiesRequestHost: options.isHttp && expected.length === 0 && !tls.insecureSkipVerify,
    serverName: sni === undefined ? { kind: "request-host" } : { kind: "fixed", name: sni },
    alpn: options.isHttp2 ? ["h2"] : [],
  };
}

/** Mutual TLS with the mesh's identities, on the server's side: any workload of the trust domain may connect. */
export function meshServerTls(trustDomain: string): ServerTlsContext {
  return {
    certificate: { kind: "workload" },
    clientCertificate: "required",
    trust: { kind: "mesh" },
    subjectAltNames: [{ kind: "prefix", value: `spiffe://${trustDomain}/` }],
    publicKeyPins: [],
    certificateHashes: [],
    alpn: MESH_SERVER_ALPN,
    minVersion: "1.2",
    maxVersion: undefined,
    cipherSuites: [],
  };
}
