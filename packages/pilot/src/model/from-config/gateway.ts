import type { ConfigObject, GatewaySpec, ServerTlsSpec } from "@fairlead/crds";
import type { Gateway, GatewayHost, GatewayServer, ServerTls, TlsVersion } from "../gateway.ts";
import { toPortProtocol } from "./service-entry.ts";

type ServerSpec = GatewaySpec["servers"][number];

/** A Gateway's servers; those that this version cannot serve safely are left out, which the kind's warnings say. */
export function toGateway(object: ConfigObject<"Gateway">): Gateway {
  const { namespace, name, spec } = object;
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    selector: spec.selector,
    servers: spec.servers.flatMap((server, index) => (isServable(server) ? [toServer(object, server, index)] : [])),
    origin: object.origin,
  };
}

/** A server whose certificates come from places that are not read here must not be opened without them. */
function isServable({ tls, bind }: ServerSpec): boolean {
  if (bind?.startsWith("unix:") === true) return false;
  if (tls === undefined) return true;
  const isElsewhere = tls.credentialName !== undefined || tls.caCertCredentialName !== undefined;
  const lists = [tls.credentialNames, tls.tlsCertificates];
  return !isElsewhere && lists.every((list) => list.length === 0) && tls.mode !== "AUTO_PASSTHROUGH";
}

function toServer(object: ConfigObject<"Gateway">, server: ServerSpec, index: number): GatewayServer {
  const { number, protocol, name } = server.port;
  return {
    name: server.name ?? "",
    port: { number, protocol: toPortProtocol(protocol, name), name },
    bind: server.bind,
    hosts: server.hosts.map((host) => toGatewayHost(host, object.namespace)),
    tls: server.tls === undefined ? undefined : toServerTls(server.tls),
    origin: object.originOf(["spec", "servers", index]),
  };
}

function toGatewayHost(text: string, namespace: string): GatewayHost {
  const [first = "", second] = text.split("/");
  if (second === undefined) return { namespace: undefined, hostname: first.toLowerCase() };
  return { namespace: first === "*" ? undefined : first === "." ? namespace : first, hostname: second.toLowerCase() };
}

const VERSIONS: Readonly<Record<ServerTlsSpec["minProtocolVersion"], TlsVersion | undefined>> = {
  TLS_AUTO: undefined,
  TLSV1_0: "1.0",
  TLSV1_1: "1.1",
  TLSV1_2: "1.2",
  TLSV1_3: "1.3",
};

function toServerTls(tls: ServerTlsSpec): ServerTls {
  return {
    mode: toMode(tls.mode),
    httpsRedirect: tls.httpsRedirect,
    certificateFile: tls.serverCertificate,
    privateKeyFile: tls.privateKey,
    caCertificatesFile: tls.caCertificates,
    revokedFile: tls.caCrl,
    publicKeyPins: tls.verifyCertificateSpki,
    certificateHashes: tls.verifyCertificateHash,
    subjectAltNames: tls.subjectAltNames,
    minVersion: VERSIONS[tls.minProtocolVersion] ?? "1.2",
    maxVersion: VERSIONS[tls.maxProtocolVersion],
    cipherSuites: tls.cipherSuites,
  };
}

function toMode(mode: ServerTlsSpec["mode"]): ServerTls["mode"] {
  switch (mode) {
    case "SIMPLE":
      return "simple";
    case "MUTUAL":
      return "mutual";
    case "OPTIONAL_MUTUAL":
      return "optional-mutual";
    case "ISTIO_MUTUAL":
      return "istio-mutual";
    case "PASSTHROUGH":
    case "AUTO_PASSTHROUGH":
    case undefined:
      return "passthrough";
  }
}
