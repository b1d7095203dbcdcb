import { X509Certificate } from "node:crypto";
import { failure, messageOf, parseSpiffeId, type Result, type Secret, type SpiffeId, success } from "@fairlead/kit";

/** What a process proves its identity with: an X.509-SVID, its key and the roots it trusts. */
export interface Certificate {
  /** PEM, leaf first; without the root. */
  readonly certificateChainPem: string;
  /** PEM, PKCS#8. */
  readonly privateKeyPem: Secret<string>;
  /** PEM of every trusted root. */
  readonly trustBundlePem: string;
  readonly spiffeId: string;
  readonly serialNumber: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Facts read from the leaf of a chain; fails on what is no certificate or carries no workload identity. */
export function parseLeaf(chainPem: string): Result<Pick<Certificate, "spiffeId" | "serialNumber" | "notBeforeMs" | "notAfterMs">, string> {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(chainPem);
  } catch (error) {
    return failure(`not a PEM certificate: ${messageOf(error)}`);
  }
  const uris = subjectAltUris(leaf.subjectAltName);
  const [uri] = uris;
  if (uri === undefined || uris.length !== 1) return failure(`certificate must have exactly one URI name, has ${uris.length}`);
  const id = parseSpiffeId(uri);
  if (!id.ok) return id;
  return success({
    spiffeId: uri,
    serialNumber: leaf.serialNumber.toLowerCase(),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
  });
}

/** The single workload identity in Node's rendering of a subject alternative name extension (`URI:spiffe://…, DNS:…`). */
export function spiffeIdOfSubjectAltName(subjectAltName: string | undefined): Result<SpiffeId, string> {
  const uris = subjectAltUris(subjectAltName);
  const [uri] = uris;
  if (uri === undefined) return failure("certificate carries no SPIFFE ID");
  // X509-SVID §2: one URI name, no more; a second one might be an attempt to be two workloads.
  if (uris.length > 1) return failure(`certificate carries ${uris.length} URI names, an X509-SVID has exactly one`);
  return parseSpiffeId(uri);
}

function subjectAltUris(subjectAltName: string | undefined): string[] {
  // Node quotes a name that holds a comma or quote, so a forged "URI:" inside another name stays inside quotes.
  const names = subjectAltName?.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names.map((name) => name.trim()).flatMap((name) => (name.startsWith("URI:") ? [name.slice("URI:".length)] : []));
}
