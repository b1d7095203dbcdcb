import { X509Certificate } from "node:crypto";
import { create, type MessageInitShape, type Registry } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type CertificateDetailsSchema, type CertificateSchema, CertificatesSchema } from "@fairlead/api/gen/envoy/admin/v3/certs_pb";
import type { DataSource } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import type { CertificateValidationContext, TlsCertificate } from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/common_pb";
import { CLUSTER, LISTENER, SECRET } from "../../ads/type-urls.ts";
import type { AdminPorts } from "../ports.ts";
import { formatMessage } from "./json.ts";
import { visitResource } from "./printable.ts";
import { loadTypes } from "./types.ts";

/**
 * `/certs` (`envoy.admin.v3.Certificates`): the workload's own certificate with the roots it trusts, and what listeners and clusters bring with them.
 */
export async function formatCertificates(ports: AdminPorts): Promise<string> {
  const certificate = ports.certificate();
  const nowMs = ports.clock.now();
  const own = certificate === undefined ? [] : [{ chainPem: certificate.certificateChainPem, rootsPem: certificate.trustBundlePem }];
  const certificates = [...own, ...inlineOnes(ports, await loadTypes())].map((pair) => toCertificate(pair, nowMs));
  return formatMessage(CertificatesSchema, create(CertificatesSchema, { certificates }), { all: true });
}

interface Pair {
  readonly chainPem: string;
  readonly rootsPem: string;
}

function inlineOnes(ports: AdminPorts, types: Registry): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  const add = (pair: Pair): unknown => (pair.chainPem === "" && pair.rootsPem === "" ? undefined : pairs.set(JSON.stringify(pair), pair));
  for (const typeUrl of [LISTENER, CLUSTER, SECRET]) {
    for (const { bytes } of ports.xdsResources(typeUrl).accepted) {
      visitResource(typeUrl, bytes, types, ({ message }) => {
        if (isTlsCertificate(message)) add({ chainPem: textOf(message.certificateChain), rootsPem: "" });
        else if (isValidationContext(message)) add({ chainPem: "", rootsPem: textOf(message.trustedCa) });
      });
    }
  }
  return [...pairs.values()];
}

function isTlsCertificate(message: { readonly $typeName: string }): message is TlsCertificate {
  return message.$typeName === "envoy.extensions.transport_sockets.tls.v3.TlsCertificate";
}

function isValidationContext(message: { readonly $typeName: string }): message is CertificateValidationContext {
  return message.$typeName === "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext";
}

function textOf(source: DataSource | undefined): string {
  if (source?.specifier.case === "inlineString") return source.specifier.value;
  return source?.specifier.case === "inlineBytes" ? Buffer.from(source.specifier.value).toString() : "";
}

function toCertificate({ chainPem, rootsPem }: Pair, nowMs: number): MessageInitShape<typeof CertificateSchema> {
  return { certChain: detailsOf(chainPem, nowMs).slice(0, 1), caCert: detailsOf(rootsPem, nowMs) };
}

const MS_PER_DAY = 86_400_000;

function detailsOf(pem: string, nowMs: number): MessageInitShape<typeof CertificateDetailsSchema>[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((text) => {
    const certificate = new X509Certificate(text);
    const expiryMs = certificate.validToDate.getTime();
    return {
      path: "<inline>",
      serialNumber: certificate.serialNumber.toLowerCase(),
      subjectAltNames: namesOf(certificate.subjectAltName ?? ""),
      daysUntilExpiration: BigInt(Math.max(0, Math.floor((expiryMs - nowMs) / MS_PER_DAY))),
      validFrom: timestampFromMs(certificate.validFromDate.getTime()),
      expirationTime: timestampFromMs(expiryMs),
    };
  });
}

/** Kinds of names in Node's rendering (`URI:spiffe://…, DNS:…, IP Address:…`). */
const NAME_KINDS = { URI: "uri", DNS: "dns", "IP Address": "ipAddress" } as const;

function namesOf(subjectAltName: string) {
  return [...subjectAltName.matchAll(/(URI|DNS|IP Address):(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)].flatMap(([, kind = "", quoted, plain]) => {
    const value = quoted ?? plain ?? "";
    return isNameKind(kind) ? [{ name: { case: NAME_KINDS[kind], value } }] : [];
  });
}

function isNameKind(kind: string): kind is keyof typeof NAME_KINDS {
  return kind in NAME_KINDS;
}
