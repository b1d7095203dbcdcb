import { randomBytes, type webcrypto } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  AuthorityKeyIdentifierExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Clock, codeOf, replaceFile } from "@fairlead/kit";
import { rootExtensions, rootSubject } from "../template/ca-certificate.ts";
import { BACKDATE_SECONDS, ROOT_GRACE_SHARE, ROOT_TTL_SECONDS } from "../template/lifetimes.ts";
import type { Authority, SignParameters } from "./authority.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const KEY_FILE = "ca-key.pem";
const ROOT_FILE = "root-cert.pem";

export interface SelfSignedOptions {
  readonly stateDirectory: string;
  readonly trustDomain: string;
  readonly clock: Clock;
}

/**
 * The root kept in a folder: `ca-key.pem` (PKCS#8, owner only) and `root-cert.pem`, made at the first start. Near its end the
 * root is renewed with the same key, so that certificates of the old and of the new one verify against either.
 */
export async function openSelfSigned(options: SelfSignedOptions): Promise<Authority> {
  await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
  const keys = await loadOrCreateKeys(join(options.stateDirectory, KEY_FILE));
  const rootFile = join(options.stateDirectory, ROOT_FILE);
  const stored = await loadRoot(rootFile);
  const root = stored !== undefined && !isNearItsEnd(stored, options.clock.now()) ? stored : await createRoot(keys, options);
  if (root !== stored) await replaceFile(rootFile, `${root.toString("pem")}\n`, 0o644);
  return {
    trustBundlePem: `${root.toString("pem")}\n`,
    notAfterMs: root.notAfter.getTime(),
    sign: (parameters) => sign(parameters, root, keys.privateKey),
  };
}

/** Whether less than a fifth of the root's life is left. */
export function isNearItsEnd(root: { readonly notBefore: Date; readonly notAfter: Date }, nowMs: number): boolean {
  const lifeMs = root.notAfter.getTime() - root.notBefore.getTime();
  return root.notAfter.getTime() - nowMs < lifeMs * ROOT_GRACE_SHARE;
}

async function sign(parameters: SignParameters, root: X509Certificate, signingKey: webcrypto.CryptoKey): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    issuer: root.subject,
    notBefore: new Date(parameters.validity.notBeforeMs),
    notAfter: new Date(parameters.validity.notAfterMs),
    publicKey: parameters.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      ...parameters.extensions,
      await AuthorityKeyIdentifierExtension.create(root.publicKey),
      await SubjectKeyIdentifierExtension.create(parameters.publicKey),
    ],
  });
}

async function createRoot(keys: webcrypto.CryptoKeyPair, options: SelfSignedOptions): Promise<X509Certificate> {
  const nowMs = options.clock.now();
  return X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: rootSubject(options.trustDomain),
    notBefore: new Date(nowMs - BACKDATE_SECONDS * 1000),
    notAfter: new Date(nowMs + ROOT_TTL_SECONDS * 1000),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [...rootExtensions(options.trustDomain), await SubjectKeyIdentifierExtension.create(keys.publicKey)],
  });
}

/** 127 random bits with the top bit clear: positive, at most 20 octets (RFC 5280 §4.1.2.2). */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString("hex");
}

async function loadOrCreateKeys(file: string): Promise<webcrypto.CryptoKeyPair> {
  const stored = await readIfThere(file);
  if (stored === undefined) return createKeys(file);
  const [pkcs8] = PemConverter.decode(stored);
  if (pkcs8 === undefined) throw new Error(`${file} holds no PEM private key; restore it, or remove the folder to start a new root`);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, true, ["sign"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
  if (kty === undefined || crv === undefined || x === undefined || y === undefined) throw new Error(`${file} holds no P-256 key`);
  const publicKey = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, ALGORITHM, true, ["verify"]);
  return { privateKey, publicKey };
}

async function createKeys(file: string): Promise<webcrypto.CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  await replaceFile(file, `${PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`, 0o600);
  return keys;
}

async function loadRoot(file: string): Promise<X509Certificate | undefined> {
  const stored = await readIfThere(file);
  return stored === undefined ? undefined : new X509Certificate(stored);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
