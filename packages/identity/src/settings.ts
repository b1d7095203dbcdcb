import { addressSchema } from "@fairlead/kit";
import { z } from "zod";

/** The `identity` part of a process's settings: who it claims to be and where it gets the proof. */
export const identitySettingsSchema = z.strictObject({
  /** Citadel's gRPC address. */
  citadelAddress: addressSchema,
  /** PEM file with the roots that Citadel's own certificate must lead to. */
  rootCertificateFile: z.string(),
  /** File that holds the join token or service account token. */
  tokenFile: z.string(),
  namespace: z.string(),
  serviceAccount: z.string(),
  /** Wished lifetime; where absent Citadel decides. */
  certificateTtlSeconds: z.number().int().positive().optional(),
  /**
   * File in which the newest certificate is kept with its private key, readable by this user only, so that the process can start while Citadel is away.
   * Absent: the key never leaves the process.
   */
  keptCertificateFile: z.string().min(1).optional(),
});

export type IdentitySettings = z.output<typeof identitySettingsSchema>;
