import { z } from "zod";
import { object } from "./object.ts";

/** What a policy is attached to by name instead of labels (Istio's PolicyTargetReference). */
export const targetReference = object({
  group: z.string().optional(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
});
