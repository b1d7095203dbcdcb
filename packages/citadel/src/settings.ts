import { addressSchema } from "@fairlead/kit";
import { z } from "zod";
import { MAX_WORKLOAD_TTL_SECONDS } from "./template/lifetimes.ts";

/** Settings of the Citadel process (docs/architecture.md). */
export const citadelSettingsSchema = z.strictObject({
  /** gRPC over TLS: certificate requests. */
  listenAddress: addressSchema,
  /** HTTP: health and metrics. */
  monitoringAddress: addressSchema,
  /** Holds the CA's key and root certificate; created where missing. */
  stateDirectory: z.string().min(1),
  trustDomain: z.string().min(1),
  /** JSON list of who may join with which token; read again for every request, so that it may change. */
  joinTokensFile: z.string().min(1),
  /** Lifetime of workload certificates where a request does not wish for one. */
  workloadCertificateTtlSeconds: z.number().int().min(60).max(MAX_WORKLOAD_TTL_SECONDS).optional(),
  /** Names in Citadel's own certificate for clients that verify by DNS, as Istio's agents do. */
  dnsNames: z.array(z.string()).default(["citadel.fairlead-system.svc", "localhost"]),
});

export type CitadelSettings = z.output<typeof citadelSettingsSchema>;
