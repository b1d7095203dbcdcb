import { type ConfigObject, type JwtRuleSpec, parseJwksUri } from "@fairlead/crds";
import type { RequestAuthentication, TokenKeys, TokenRule } from "../request-authentication.ts";

/** Istio's, for fetching keys. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Claims that every provider writes with spaces (Istio's choice). */
const SPACE_DELIMITED = ["permission", "scope"];

/** A RequestAuthentication; undefined for one that selects by reference, which is nothing here. */
export function toRequestAuthentication(object: ConfigObject<"RequestAuthentication">): RequestAuthentication | undefined {
  const { namespace, name, spec, origin } = object;
  if (spec.targetRef !== undefined || spec.targetRefs.length > 0) return undefined;
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    selector: spec.selector?.matchLabels ?? {},
    rules: spec.jwtRules.map((rule, index) => toRule(object, rule, index)),
    origin,
  };
}

function toRule(object: ConfigObject<"RequestAuthentication">, rule: JwtRuleSpec, index: number): TokenRule {
  return {
    issuer: rule.issuer,
    audiences: rule.audiences,
    keys: toKeys(rule),
    headers: rule.fromHeaders,
    parameters: rule.fromParams,
    cookies: rule.fromCookies,
    isForwarded: rule.forwardOriginalToken,
    payloadHeader: rule.outputPayloadToHeader,
    claimHeaders: rule.outputClaimToHeaders,
    spaceDelimitedClaims: [...new Set([...rule.spaceDelimitedClaims, ...SPACE_DELIMITED])].toSorted(),
    origin: object.originOf(["spec", "jwtRules", index]),
  };
}

function toKeys(rule: JwtRuleSpec): TokenKeys {
  if (rule.jwks !== undefined) return { kind: "inline", jwks: rule.jwks };
  const address = rule.jwksUri === undefined ? undefined : parseJwksUri(rule.jwksUri);
  if (rule.jwksUri === undefined || address === undefined) return { kind: "unknown" };
  return { kind: "remote", uri: rule.jwksUri, ...address, timeoutMs: rule.timeout ?? DEFAULT_TIMEOUT_MS };
}
