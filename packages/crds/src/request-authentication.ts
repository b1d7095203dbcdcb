import { z } from "zod";
import { headerNameMistake, workloadSelector } from "./schema/common.ts";
import { duration } from "./schema/duration.ts";
import { isHostname } from "./schema/network.ts";
import { atMostOne, checked, type Finding, list, object, text } from "./schema/object.ts";
import { targetReference } from "./schema/target-reference.ts";
import type { UnsupportedField } from "./unsupported.ts";

const headerName = text((value) => headerNameMistake(value));

/** Istio's JWTRule. */
const jwtRule = checked(
  object({
    issuer: z.string().default(""),
    audiences: list(z.string().min(1)),
    jwksUri: text(jwksUriMistake).optional(),
    /** Takes precedence over `jwksUri`. */
    jwks: text(jwksMistake).optional(),
    fromHeaders: list(object({ name: headerName, prefix: z.string().default("") })),
    fromParams: list(z.string().min(1)),
    fromCookies: list(z.string().min(1)),
    outputPayloadToHeader: headerName.optional(),
    forwardOriginalToken: z.boolean().default(false),
    outputClaimToHeaders: list(object({ header: headerName, claim: z.string().min(1) })),
    timeout: duration.optional(),
    spaceDelimitedClaims: list(z.string().min(1)),
  }),
  (rule) =>
    rule.issuer === "" && rule.jwksUri === undefined
      ? [{ code: "missing-field", message: "issuer or jwksUri is required", path: ["issuer"] }]
      : [],
);

/** Which tokens of end users are good, and where they are in requests (security.istio.io RequestAuthentication). */
export const requestAuthenticationSchema = checked(
  object({
    selector: workloadSelector.optional(),
    targetRef: targetReference.optional(),
    targetRefs: list(targetReference),
    jwtRules: list(jwtRule),
  }),
  (spec) => atMostOne(spec, ["selector", "targetRef"]),
);

export type RequestAuthenticationSpec = z.output<typeof requestAuthenticationSchema>;
export type JwtRuleSpec = z.output<typeof jwtRule>;

/** What of the kind this version reads but does not do; never so that a token would be believed that is not checked. */
export const requestAuthenticationUnsupported: readonly UnsupportedField[] = [
  { path: "targetRef", effect: "the policy selects nothing", hint: "use selector" },
  { path: "targetRefs", effect: "the policy selects nothing", hint: "use selector" },
  {
    path: "jwtRules[]",
    without: ["jwks", "jwksUri"],
    effect: "the keys of an issuer are not looked up, and all its tokens are refused",
    hint: "name the address of its keys in jwksUri",
  },
];

/** The parts of a `jwksUri`; undefined for what is none (Istio takes http and https with a host). */
export function parseJwksUri(uri: string): { readonly host: string; readonly port: number; readonly isTls: boolean } | undefined {
  const parsed = /^(https?):\/\/(\[[\da-fA-F:.]+\]|[^/:?#@\s]+)(?::(\d{1,5}))?(?:[/?#]\S*)?$/.exec(uri);
  if (parsed === null) return undefined;
  const [, scheme, host = "", port] = parsed;
  const isTls = scheme === "https";
  const number = port === undefined ? (isTls ? 443 : 80) : Number(port);
  const name = host.replace(/^\[|\]$/g, "");
  if (number < 1 || number > 65_535 || !(host.startsWith("[") || isHostname(name) || /^\d+(\.\d+){3}$/.test(name))) return undefined;
  return { host: name.toLowerCase(), port: number, isTls };
}

function jwksUriMistake(uri: string): Finding | undefined {
  return parseJwksUri(uri) === undefined
    ? { message: `"${uri}" is no address of keys`, hint: "write for example https://accounts.example.com/jwks.json" }
    : undefined;
}

/** RFC 7517 section 5: an object with a list of keys. */
function jwksMistake(jwks: string): Finding | undefined {
  const hint = 'write a JSON Web Key Set: {"keys": [...]}';
  try {
    const set: unknown = JSON.parse(jwks);
    const keys: unknown = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
    return Array.isArray(keys) ? undefined : { message: "has no list of keys", hint };
  } catch {
    return { message: "is no JSON", hint };
  }
}
