import type { Init } from "./any.ts";
import { create } from "@bufbuild/protobuf";
import { type HeaderMatcher, HeaderMatcherSchema } from "@fairlead/api/gen/envoy/config/route/v3/route_components_pb";
import { type CidrRange, CidrRangeSchema } from "@fairlead/api/gen/envoy/config/core/v3/address_pb";
import { type StringMatcher, StringMatcherSchema } from "@fairlead/api/gen/envoy/type/matcher/v3/string_pb";
import {
  type FractionalPercent,
  FractionalPercent_DenominatorType,
  FractionalPercentSchema,
} from "@fairlead/api/gen/envoy/type/v3/percent_pb";
import type { SuffixMatch } from "../../ir/filter.ts";
import type { HeaderMatch, StringMatch } from "../../ir/route.ts";

type Match = StringMatch | SuffixMatch;

/** A text condition. `present` has no form here; it stands for any text. */
export function toStringMatcher(match: Match, ignoreCase = false): StringMatcher {
  return create(StringMatcherSchema, {
    matchPattern: toPattern(match),
    ignoreCase: ignoreCase && match.kind !== "regex" && match.kind !== "present",
  });
}

function toPattern(match: Match): NonNullable<Init<typeof StringMatcherSchema>["matchPattern"]> {
  switch (match.kind) {
    case "exact":
    case "prefix":
    case "suffix":
      return { case: match.kind, value: match.value };
    case "regex":
      return { case: "safeRegex", value: { regex: match.value } };
    case "present":
      return { case: "safeRegex", value: { regex: ".+" } };
  }
}

export function toHeaderMatcher(header: HeaderMatch): HeaderMatcher {
  const { name, match, negated, ignoreCase } = header;
  if (match.kind === "present")
    return create(HeaderMatcherSchema, { name, invertMatch: negated, headerMatchSpecifier: { case: "presentMatch", value: true } });
  return create(HeaderMatcherSchema, {
    name,
    invertMatch: negated,
    // A header that is not there is not the excluded one either.
    treatMissingHeaderAsEmpty: negated,
    headerMatchSpecifier: { case: "stringMatch", value: toStringMatcher(match, ignoreCase) },
  });
}

/** An address or CIDR block. */
export function toCidrRange(block: string): CidrRange {
  const [address = "", prefix] = block.split("/");
  return create(CidrRangeSchema, {
    addressPrefix: address,
    prefixLen: prefix === undefined ? (address.includes(":") ? 128 : 32) : Number(prefix),
  });
}

/** Percent with Istio's precision, ten thousandths of a percent. */
export function toFraction(percent: number): FractionalPercent {
  return create(FractionalPercentSchema, {
    numerator: Math.round(percent * 10_000),
    denominator: FractionalPercent_DenominatorType.MILLION,
  });
}
