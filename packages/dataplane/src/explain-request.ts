import type { ProxyExplainRequest } from "@fairlead/api";
import { z } from "zod";
import { ProxyError } from "./native/errors.ts";

const headerSchema = z.tuple([z.string().min(1).max(256), z.string().max(16_384)]);

const requestSchema = z.strictObject({
  listener: z.string().optional(),
  address: z.string().optional(),
  method: z.string().min(1).max(64).default("GET"),
  authority: z.string().min(1).max(1_024),
  path: z.string().startsWith("/").max(16_384).default("/"),
  headers: z.array(headerSchema).max(128).default([]),
  principal: z.string().optional(),
});

/** Reads a request to be explained from what a client sent; method, path and headers may be left out. */
export function parseExplainRequest(input: unknown): ProxyExplainRequest {
  const parsed = requestSchema.safeParse(input);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(body)"}: ${message}`);
    throw new ProxyError("cannot-explain", `not a request to explain: ${lines.join("; ")}`);
  }
  const { listener, address, principal, ...request } = parsed.data;
  return {
    ...request,
    ...(listener === undefined ? {} : { listener }),
    ...(address === undefined ? {} : { address }),
    ...(principal === undefined ? {} : { principal }),
  };
}
