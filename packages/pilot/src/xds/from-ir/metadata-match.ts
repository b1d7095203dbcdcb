import { create } from "@bufbuild/protobuf";
import { type MetadataMatcher, MetadataMatcherSchema } from "@fairlead/api/gen/envoy/type/matcher/v3/metadata_pb";
import { type ValueMatcher, ValueMatcherSchema } from "@fairlead/api/gen/envoy/type/matcher/v3/value_pb";
import type { ClaimMatch, MetadataMatch, SuffixMatch } from "../../ir/filter.ts";
import type { StringMatch } from "../../ir/route.ts";
import { toStringMatcher } from "./match.ts";

/** The filter that verifies tokens, under whose name their claims are in the metadata of a request. */
export const TOKEN_FILTER = "envoy.filters.http.jwt_authn";
/** Where among that filter's metadata the claims are (Istio's key). */
export const CLAIMS = "payload";

/** What is at a place in the claims of the token. */
export function toClaimMatcher(path: readonly string[], match: ClaimMatch, isInverted = false): MetadataMatcher {
  return toMetadataMatcher(
    TOKEN_FILTER,
    [CLAIMS, ...path],
    match.kind === "text" ? textValue(match.match) : textOrMember(match.matches),
    isInverted,
  );
}

export function toMetadataMatcher(filter: string, path: readonly string[], value: ValueMatcher, isInverted = false): MetadataMatcher {
  return create(MetadataMatcherSchema, {
    filter,
    path: path.map((key) => ({ segment: { case: "key" as const, value: key } })),
    value,
    invert: isInverted,
  });
}

/** Any of some texts or members of a list. */
export function metadataValue(matches: readonly MetadataMatch[]): ValueMatcher {
  return anyOf(matches.map(({ match, isListed }) => (isListed ? memberOf(textValue(match)) : textValue(match))));
}

/** A claim may be one text or a list of them. */
function textOrMember(matches: readonly (StringMatch | SuffixMatch)[]): ValueMatcher {
  const value = anyOf(matches.map(textValue));
  return anyOf([memberOf(value), value]);
}

function textValue(match: StringMatch | SuffixMatch): ValueMatcher {
  return create(ValueMatcherSchema, { matchPattern: { case: "stringMatch", value: toStringMatcher(match) } });
}

function memberOf(value: ValueMatcher): ValueMatcher {
  return create(ValueMatcherSchema, { matchPattern: { case: "listMatch", value: { matchPattern: { case: "oneOf", value } } } });
}

function anyOf(values: readonly ValueMatcher[]): ValueMatcher {
  const [only] = values.length === 1 ? values : [];
  return only ?? create(ValueMatcherSchema, { matchPattern: { case: "orMatch", value: { valueMatchers: [...values] } } });
}
