import { isIP } from "node:net";
import { z } from "zod";
import { presenceSchema, stringMatchSchema } from "./string-check.ts";

/** The forms of what `policy-config.ts` describes; `config-check.ts` puts them together. */

const percent = z.number().min(0).max(100);
const name = z.string().min(1);
const names = z.array(name);
const MAX_U32 = 4_294_967_295;
const MAX_MS = 2_147_483_647;
const textOrMatch = z.union([z.string(), stringMatchSchema], { error: "give a text, or one of exact, prefix, suffix, contains and regex" });

/** `RateLimitConfig` */
export const rateLimitSchema = z.strictObject({
  requests: z.int().min(1).max(MAX_U32),
  perMs: z.int().min(50).max(MAX_MS),
  burst: z.int().min(1).max(MAX_U32).exactOptional(),
  status: z.int().min(400).max(599).exactOptional(),
});

/** `CorsConfig` */
export const corsSchema = z.strictObject({
  allowOrigins: z.array(textOrMatch),
  allowMethods: names.exactOptional(),
  allowHeaders: names.exactOptional(),
  exposeHeaders: names.exactOptional(),
  maxAgeSeconds: z.int().min(0).max(MAX_U32).exactOptional(),
  allowCredentials: z.boolean().exactOptional(),
});

/** `FaultConfig` */
export const faultSchema = z.strictObject({
  delay: z.strictObject({ delayMs: z.int().min(1).max(MAX_MS), percent }).exactOptional(),
  abort: z.strictObject({ status: z.int().min(200).max(599), percent }).exactOptional(),
});

const rangeSchema = z.string().refine((value) => isRange(value), { error: "not a range of addresses: write 10.0.0.0/8, or an address" });
const clientSchema = z.strictObject({
  certificateName: textOrMatch.exactOptional(),
  addresses: z.array(rangeSchema).min(1).exactOptional(),
  headers: z.record(z.string(), presenceSchema).exactOptional(),
});

/** `AccessConfig` */
export const accessSchema = z.strictObject({ allow: z.array(clientSchema).exactOptional(), deny: z.array(clientSchema).exactOptional() });

/** `TokenIssuerConfig` by name */
export const tokenIssuersSchema = z.record(
  name,
  z.strictObject({
    issuer: name.exactOptional(),
    audiences: names.exactOptional(),
    jwks: name,
    fromHeaders: z.array(z.strictObject({ name, prefix: z.string().exactOptional() })).exactOptional(),
    fromQuery: names.exactOptional(),
    fromCookies: names.exactOptional(),
    forward: z.boolean().exactOptional(),
    claimHeaders: z.record(z.string(), name).exactOptional(),
  }),
);

/** `TokenRequirementConfig` */
export const tokenSchema = z.strictObject({ issuers: names.min(1), optional: z.boolean().exactOptional() });

/** `FilterConfig`; the module itself is the engine's and the filter's to judge. */
export const filtersSchema = z
  .array(
    z.strictObject({
      module: name,
      config: z.json().exactOptional(),
      timeoutMs: z.int().min(1).max(MAX_MS).exactOptional(),
      failureMode: z.enum(["open", "closed"]).exactOptional(),
      statusOnError: z.int().min(200).max(599).exactOptional(),
    }),
  )
  .max(16);

/** `AccessLogConfig` */
export const accessLogSchema = z.strictObject({
  path: name,
  format: z.union([z.string(), z.record(z.string(), z.string())], { error: "give a line, or an object of fields" }).exactOptional(),
});

/** `HashConfig` */
export const hashSchema = z.union(
  [
    z.strictObject({ header: name }),
    z.strictObject({ cookie: name, ttlMs: z.int().min(0).max(MAX_MS).exactOptional(), path: z.string().exactOptional() }),
    z.strictObject({ query: name }),
    z.strictObject({ client: z.literal(true) }),
  ],
  { error: "give one of header, cookie, query and client" },
);

function isRange(value: string): boolean {
  const [address = "", bits, ...rest] = value.split("/");
  const family = isIP(address);
  return family !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)));
}
