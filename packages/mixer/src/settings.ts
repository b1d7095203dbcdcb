import { identitySettingsSchema } from "@fairlead/identity";
import { addressSchema } from "@fairlead/kit";
import { z } from "zod";

const HOUR_MS = 3600_000;

/** What Mixer is told at its start; see docs/architecture.md. */
export const settingsSchema = z.strictObject({
  /** Reports (gRPC over mTLS). */
  listenAddress: addressSchema,
  /** Telemetry query API (HTTP). */
  queryAddress: addressSchema,
  /** Mixer's own metrics and health. */
  monitoringAddress: addressSchema,
  /** Folder of the telemetry database. */
  stateDirectory: z.string().min(1),
  trustDomain: z.string().min(1),
  identity: identitySettingsSchema,
  /** Ceiling of the database's buffers, megabytes. */
  memoryLimitMb: z.number().int().min(32).default(96),
  /** Most series that are told apart; what is beyond is counted under `other`. */
  maxSeries: z.number().int().min(10).default(20_000),
  /** Reports that arrive within this time are stored together, milliseconds. */
  commitIntervalMs: z.number().int().min(0).max(5_000).default(200),
  retention: z
    .strictObject({
      /** Points of 10 s, milliseconds. */
      fineMs: z
        .number()
        .int()
        .min(60_000)
        .default(6 * HOUR_MS),
      /** Points of a minute, milliseconds. */
      coarseMs: z
        .number()
        .int()
        .min(60_000)
        .default(7 * 24 * HOUR_MS),
      /** Samples of access logs and spans, milliseconds … */
      sampleMs: z
        .number()
        .int()
        .min(60_000)
        .default(6 * HOUR_MS),
      /** … and how many of each. */
      sampleCount: z.number().int().min(1).default(200_000),
    })
    .prefault({}),
});

export type Settings = z.output<typeof settingsSchema>;
