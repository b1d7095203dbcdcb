import { z } from "zod";

/** `StringMatch` */
export const stringMatchSchema = z.union(
  [
    z.strictObject({ exact: z.string() }),
    z.strictObject({ prefix: z.string() }),
    z.strictObject({ suffix: z.string() }),
    z.strictObject({ contains: z.string() }),
    z.strictObject({ regex: z.string() }),
  ],
  { error: "give one of exact, prefix, suffix, contains and regex" },
);

/** The same, or `true` for presence. */
export const presenceSchema = z.union([z.literal(true), stringMatchSchema], {
  error: "give true, or one of exact, prefix, suffix, contains and regex",
});
