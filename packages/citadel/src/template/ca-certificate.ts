import {
  BasicConstraintsExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";

/** Subject of the self-signed root. */
export function rootSubject(trustDomain: string): string {
  return `O=${trustDomain},CN=Fairlead root`;
}

/** What a root says (SPIFFE X509-SVID §4): a CA that signs certificates, named by its trust domain. */
export function rootExtensions(trustDomain: string): Extension[] {
  return [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectAlternativeNameExtension([{ type: "url", value: `spiffe://${trustDomain}` }]),
  ];
}
