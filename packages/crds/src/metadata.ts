import { z } from "zod";
import { isNamespace } from "./schema/network.ts";
import { stringMap, text } from "./schema/object.ts";

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The part of an object's metadata that counts here; what a cluster adds by itself is let pass. */
export const metadataSchema = z.strictObject({
  name: text((value) => (NAME.test(value) ? undefined : `"${value}" is no valid name: lower-case letters, digits, "-" and "."`)),
  namespace: text((value) => (isNamespace(value) ? undefined : `"${value}" is no valid namespace name`)).default("default"),
  labels: stringMap.default({}),
  annotations: stringMap.default({}),
  creationTimestamp: z.unknown().optional(),
  deletionGracePeriodSeconds: z.unknown().optional(),
  deletionTimestamp: z.unknown().optional(),
  finalizers: z.unknown().optional(),
  generateName: z.unknown().optional(),
  generation: z.unknown().optional(),
  managedFields: z.unknown().optional(),
  ownerReferences: z.unknown().optional(),
  resourceVersion: z.unknown().optional(),
  selfLink: z.unknown().optional(),
  uid: z.unknown().optional(),
});
