import { create } from "@bufbuild/protobuf";
import { type TransportSocket, TransportSocketSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { ProxyProtocolConfig_Version } from "@fairlead/api/gen/envoy/config/core/v3/proxy_protocol_pb";
import { ProxyProtocolUpstreamTransportSchema } from "@fairlead/api/gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb";
import { RawBufferSchema } from "@fairlead/api/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb";
import {
  type CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol,
} from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/common_pb";
import {
  type CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb";
import type { ClusterTls } from "../../ir/cluster.ts";
import type { ServerTlsContext, TlsVersion } from "../../ir/listener.ts";
import { type CertificateSource, ROOT_SECRET, type TrustSource, WORKLOAD_SECRET } from "../../ir/secret.ts";
import type { StringMatch } from "../../ir/route.ts";
import { type Init, pack } from "./any.ts";
import { FROM_AGENT } from "./config-source.ts";
import { toStringMatcher } from "./match.ts";

type CommonTls = Init<typeof CommonTlsContextSchema>;
type Validation = Init<typeof CertificateValidationContextSchema>;

const VERSIONS: Readonly<Record<TlsVersion, TlsParameters_TlsProtocol>> = {
  "1.0": TlsParameters_TlsProtocol.TLSv1_0,
  "1.1": TlsParameters_TlsProtocol.TLSv1_1,
  "1.2": TlsParameters_TlsProtocol.TLSv1_2,
  "1.3": TlsParameters_TlsProtocol.TLSv1_3,
};

/** A transport whose connections begin with the client's addresses, in a version of the PROXY protocol. */
export function withProxyProtocol(version: 1 | 2, transportSocket: TransportSocket): TransportSocket {
  const config = { version: version === 1 ? ProxyProtocolConfig_Version.V1 : ProxyProtocolConfig_Version.V2 };
  return create(TransportSocketSchema, {
    name: "envoy.transport_sockets.upstream_proxy_protocol",
    configType: { case: "typedConfig", value: pack(ProxyProtocolUpstreamTransportSchema, { config, transportSocket }) },
  });
}

export const PLAINTEXT: TransportSocket = create(TransportSocketSchema, {
  name: "envoy.transport_sockets.raw_buffer",
  configType: { case: "typedConfig", value: pack(RawBufferSchema, {}) },
});

/** TLS towards the endpoints of a cluster. */
export function toUpstreamTls(tls: ClusterTls): TransportSocket {
  return tlsSocket(
    pack(UpstreamTlsContextSchema, {
      sni: tls.serverName.kind === "fixed" ? tls.serverName.name : "",
      commonTlsContext: {
        tlsParams: { tlsMinimumProtocolVersion: VERSIONS["1.2"], tlsMaximumProtocolVersion: VERSIONS["1.3"] },
        ...toCertificate(tls.certificate),
        validationContextType: toValidation(
          tls.trust,
          tls.subjectAltNames.map((value) => ({ kind: "exact", value })),
        ),
        alpnProtocols: [...tls.alpn],
      },
    }),
  );
}

/** TLS towards the clients of a listener. */
export function toDownstreamTls(tls: ServerTlsContext): TransportSocket {
  return tlsSocket(
    pack(DownstreamTlsContextSchema, {
      requireClientCertificate: tls.clientCertificate === "required",
      commonTlsContext: {
        tlsParams: {
          tlsMinimumProtocolVersion: VERSIONS[tls.minVersion],
          tlsMaximumProtocolVersion: VERSIONS[tls.maxVersion ?? "1.3"],
          cipherSuites: [...tls.cipherSuites],
        },
        ...toCertificate(tls.certificate),
        validationContextType: toValidation(tls.trust, tls.subjectAltNames, {
          verifyCertificateSpki: [...tls.publicKeyPins],
          verifyCertificateHash: [...tls.certificateHashes],
        }),
        alpnProtocols: [...tls.alpn],
      },
    }),
  );
}

function toCertificate(source: CertificateSource | undefined): Pick<CommonTls, "tlsCertificates" | "tlsCertificateSdsSecretConfigs"> {
  switch (source?.kind) {
    case undefined:
      return {};
    case "workload":
      return { tlsCertificateSdsSecretConfigs: [{ name: WORKLOAD_SECRET, sdsConfig: FROM_AGENT }] };
    case "files":
      return { tlsCertificates: [{ certificateChain: fileData(source.certificateFile), privateKey: fileData(source.privateKeyFile) }] };
  }
}

function toValidation(
  trust: TrustSource | undefined,
  names: readonly StringMatch[],
  pins: Validation = {},
): NonNullable<CommonTls["validationContextType"]> {
  if (trust === undefined) return { case: undefined };
  const matchers = names.map((match) => ({ sanType: sanTypeOf(match), matcher: toStringMatcher(match) }));
  const validation: Validation = { matchTypedSubjectAltNames: matchers, ...pins };
  if (trust.kind === "file")
    return {
      case: "validationContext",
      value: {
        ...validation,
        trustedCa: fileData(trust.file),
        ...(trust.revokedFile === undefined ? {} : { crl: fileData(trust.revokedFile) }),
      },
    };
  return {
    case: "combinedValidationContext",
    value: { defaultValidationContext: validation, validationContextSdsSecretConfig: { name: ROOT_SECRET, sdsConfig: FROM_AGENT } },
  };
}

/** Identities are URIs, everything else that people write is a host name. */
function sanTypeOf(match: StringMatch): SubjectAltNameMatcher_SanType {
  return match.kind !== "present" && match.value.includes("://") ? SubjectAltNameMatcher_SanType.URI : SubjectAltNameMatcher_SanType.DNS;
}

function fileData(file: string): { readonly specifier: { readonly case: "filename"; readonly value: string } } {
  return { specifier: { case: "filename", value: file } };
}

function tlsSocket(typedConfig: ReturnType<typeof pack>): TransportSocket {
  return create(TransportSocketSchema, { name: "envoy.transport_sockets.tls", configType: { case: "typedConfig", value: typedConfig } });
}
