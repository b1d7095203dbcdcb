import { identitySettingsSchema } from "@fairlead/identity";
import { addressSchema } from "@fairlead/kit";
import { z } from "zod";

/** Pilot's settings file; see docs/architecture.md. */
export const settingsSchema = z.strictObject({
  /** xDS over mutual TLS. */
  listenAddress: addressSchema,
  /** xDS in plaintext and without any check of who asks: for tests and for proxies on the same host. Off unless said. */
  plaintextListenAddress: addressSchema
    .refine(isLoopback, "must be a loopback address: whoever reaches it is served without a check")
    .optional(),
  /** Metrics, health, admin API. */
  monitoringAddress: addressSchema,
  /** Folder of YAML that is watched. */
  configDirectory: z.string().min(1),
  trustDomain: z.string().min(1),
  identity: identitySettingsSchema.optional(),
  /** How long changes have to be quiet before they are pushed, and how long they are held back at most. */
  debounceMs: z.number().int().min(0).max(10_000).default(20),
  debounceMaxMs: z.number().int().min(0).max(60_000).default(200),
  /** What redirected traffic may reach that no service is for (`outboundTrafficPolicy` of Istio). */
  outboundTraffic: z.enum(["allow-any", "registry-only"]).default("allow-any"),
});

export type Settings = z.output<typeof settingsSchema>;

function isLoopback(address: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/.test(address);
}
