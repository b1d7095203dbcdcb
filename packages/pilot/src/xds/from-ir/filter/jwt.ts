import { create } from "@bufbuild/protobuf";
import {
  JwtAuthenticationSchema,
  type JwtProviderSchema,
  type JwtRequirement,
  JwtRequirementSchema,
} from "@fairlead/api/gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb";
import type { TokenAuthentication, TokenProvider } from "../../../ir/filter.ts";
import { type Init, milliseconds, pack } from "../any.ts";
import { CLAIMS, TOKEN_FILTER } from "../metadata-match.ts";
import type { NamedExtension } from "./named-extension.ts";

/** How long fetched keys are used (Istio's choice). */
const KEYS_LIVE_MS = 300_000;
const NO_KEYS = JSON.stringify({ keys: [] });

/** Verifies tokens. A request without one passes; one that is there has to be good. */
export function toJwtAuthentication(filter: TokenAuthentication): NamedExtension {
  return {
    name: TOKEN_FILTER,
    typedConfig: pack(JwtAuthenticationSchema, {
      providers: Object.fromEntries(
        filter.providers.map((provider) => [provider.name, { ...toProvider(provider), clearRouteCache: filter.leadsToRoutes }]),
      ),
      rules: [
        {
          match: { pathSpecifier: { case: "prefix", value: "/" } },
          requirementType: { case: "requires", value: requirementOf(filter.providers.map(({ name }) => name)) },
        },
      ],
      bypassCorsPreflight: true,
    }),
  };
}

/**
 * With one provider: its token or none. With several a token may be of any of them where they look at the same place, and where they look at
 * different ones all tokens that are there have to be good (Istio's formula).
 */
function requirementOf(names: readonly string[]): JwtRequirement {
  const none = create(JwtRequirementSchema, { requiresType: { case: "allowMissing", value: {} } });
  const tokenOrNone = names.map((name) => anyOf([tokenOf(name), none]));
  const [only] = tokenOrNone.length === 1 ? tokenOrNone : [];
  if (only !== undefined) return only;
  const all = create(JwtRequirementSchema, { requiresType: { case: "requiresAll", value: { requirements: tokenOrNone } } });
  return anyOf([...names.map(tokenOf), all]);
}

function tokenOf(provider: string): JwtRequirement {
  return create(JwtRequirementSchema, { requiresType: { case: "providerName", value: provider } });
}

function anyOf(requirements: readonly JwtRequirement[]): JwtRequirement {
  return create(JwtRequirementSchema, { requiresType: { case: "requiresAny", value: { requirements: [...requirements] } } });
}

function toProvider({ rule, keysCluster }: TokenProvider): Init<typeof JwtProviderSchema> {
  return {
    issuer: rule.issuer,
    audiences: [...rule.audiences],
    jwksSourceSpecifier: toKeys(rule.keys, keysCluster),
    forward: rule.isForwarded,
    fromHeaders: rule.headers.map(({ name, prefix }) => ({ name, valuePrefix: prefix })),
    fromParams: [...rule.parameters],
    fromCookies: [...rule.cookies],
    ...(rule.payloadHeader === undefined ? {} : { forwardPayloadHeader: rule.payloadHeader }),
    claimToHeaders: rule.claimHeaders.map(({ header, claim }) => ({ headerName: header, claimName: claim })),
    payloadInMetadata: CLAIMS,
    normalizePayloadInMetadata: { spaceDelimitedClaims: [...rule.spaceDelimitedClaims] },
  };
}

function toKeys(
  keys: TokenProvider["rule"]["keys"],
  cluster: string | undefined,
): NonNullable<Init<typeof JwtProviderSchema>["jwksSourceSpecifier"]> {
  if (keys.kind !== "remote" || cluster === undefined)
    return { case: "localJwks", value: { specifier: { case: "inlineString", value: keys.kind === "inline" ? keys.jwks : NO_KEYS } } };
  return {
    case: "remoteJwks",
    value: {
      httpUri: { uri: keys.uri, httpUpstreamType: { case: "cluster", value: cluster }, timeout: milliseconds(keys.timeoutMs) },
      cacheDuration: milliseconds(KEYS_LIVE_MS),
    },
  };
}
