import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type Clock, codeOf, failure, type Logger, replaceFile, type Result, Secret, success } from "@fairlead/kit";
import { z } from "zod";
import { type Certificate, parseLeaf } from "./certificate.ts";

/** The newest certificate with its key in a file of this user's: what a process starts from while Citadel is away. */
export interface KeptCertificate {
  /** What a former process has left, if it is still valid and this identity's. Never rejects: what is wrong with it is logged. */
  load(): Promise<Certificate | undefined>;
  /** Never rejects: a certificate that cannot be kept serves all the same. */
  save(certificate: Certificate): Promise<void>;
}

export interface KeptCertificateOptions {
  readonly path: string;
  /** Whose certificate it has to be. */
  readonly spiffeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const fileSchema = z.strictObject({
  format: z.literal("fairlead certificate 1"),
  certificateChainPem: z.string(),
  privateKeyPem: z.string(),
  trustBundlePem: z.string(),
});

const OWNER_ONLY = 0o600;
/** Permissions of everybody but the owner. */
const OTHERS = 0o077;

export function createKeptCertificate(options: KeptCertificateOptions): KeptCertificate {
  const { path, logger } = options;
  return {
    async load() {
      try {
        const text = await readOwnFile(path);
        if (text === undefined) return undefined;
        const certificate = parse(text, options);
        if (certificate.ok) return certificate.value;
        logger.warn({ path, reason: certificate.error }, "the certificate that was kept cannot be used");
      } catch (error) {
        logger.warn({ path, err: error }, "the certificate that was kept cannot be read");
      }
      return undefined;
    },
    async save({ certificateChainPem, privateKeyPem, trustBundlePem }) {
      const content: z.input<typeof fileSchema> = {
        format: "fairlead certificate 1",
        certificateChainPem,
        privateKeyPem: privateKeyPem.reveal(),
        trustBundlePem,
      };
      try {
        await replaceFile(path, JSON.stringify(content), OWNER_ONLY);
      } catch (error) {
        logger.warn({ path, err: error }, "the certificate cannot be kept");
      }
    },
  };
}

async function readOwnFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    // Who can read it has the key; who can write it chooses our roots.
    if ((mode & OTHERS) !== 0) throw new Error(`others may use it (mode ${(mode & 0o777).toString(8)}); remove it, or chmod 600`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string, { spiffeId, clock }: KeptCertificateOptions): Result<Certificate, string> {
  const parsed = fileSchema.safeParse(toJson(text));
  // The issues of the schema are not told: they might quote the key.
  if (!parsed.success) return failure("it is no file of this version");
  const { certificateChainPem, privateKeyPem, trustBundlePem } = parsed.data;
  const leaf = parseLeaf(certificateChainPem);
  if (!leaf.ok) return leaf;
  if (leaf.value.spiffeId !== spiffeId) return failure(`it is of ${leaf.value.spiffeId}, not of ${spiffeId}`);
  if (leaf.value.notAfterMs <= clock.now()) return failure(`it has expired at ${new Date(leaf.value.notAfterMs).toISOString()}`);
  if (!isPair(certificateChainPem, privateKeyPem)) return failure("its private key is another certificate's");
  return success({ ...leaf.value, certificateChainPem, privateKeyPem: new Secret(privateKeyPem), trustBundlePem });
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPair(chainPem: string, privateKeyPem: string): boolean {
  try {
    return new X509Certificate(chainPem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}
