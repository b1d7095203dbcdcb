import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import { formatSpiffeId, type SpiffeId } from "@fairlead/kit";

/** Names beside the identity, for servers that are also found by DNS name or address. */
export interface ServerNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** What an X509-SVID says (SPIFFE X509-SVID §3, §4): one URI name, usable by both ends of TLS, not a CA. */
export function workloadExtensions(id: SpiffeId, names: ServerNames = { dnsNames: [], ipAddresses: [] }): Extension[] {
  const alternatives: JsonGeneralNames = [
    { type: "url", value: formatSpiffeId(id) },
    ...names.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...names.ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
  return [
    // Critical because the subject is empty (RFC 5280 §4.2.1.6).
    new SubjectAlternativeNameExtension(alternatives, true),
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
  ];
}
