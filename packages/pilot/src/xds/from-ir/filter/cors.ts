import type { Any } from "@bufbuild/protobuf/wkt";
import { CorsPolicySchema, CorsSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/cors/v3/cors_pb";
import type { CorsPolicy } from "../../../ir/route.ts";
import { pack } from "../any.ts";
import { toFraction, toStringMatcher } from "../match.ts";
import type { NamedExtension } from "./named-extension.ts";

export const CORS_FILTER = "envoy.filters.http.cors";

/** The filter in the chain; what it does is said by routes. */
export const IDLE_CORS: NamedExtension = { name: CORS_FILTER, typedConfig: pack(CorsSchema, {}) };

/** What the filter does on one route. */
export function toCors(policy: CorsPolicy): Any {
  const { maxAgeSeconds, allowsCredentials } = policy;
  return pack(CorsPolicySchema, {
    allowOriginStringMatch: policy.origins.map((origin) => toStringMatcher(origin)),
    allowMethods: policy.methods.join(","),
    allowHeaders: policy.headers.join(","),
    exposeHeaders: policy.exposedHeaders.join(","),
    ...(maxAgeSeconds === undefined ? {} : { maxAge: String(maxAgeSeconds) }),
    ...(allowsCredentials === undefined ? {} : { allowCredentials: allowsCredentials }),
    filterEnabled: { defaultValue: toFraction(100) },
    forwardNotMatchingPreflights: policy.forwardsOtherPreflights,
  });
}
