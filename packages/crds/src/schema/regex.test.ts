import { describe, expect, it } from "vitest";
import { findRegexMistake, findSubstitutionMistake } from "./regex.ts";

describe("a regular expression", () => {
  it.each([
    "", "/api/v[0-9]+/.*", "^(?i)abc$", "(?P<name>x)|(?<other>y)", "[[:alpha:]_-]+", "[]a]", "[^]]", "[a-]", "a{2,5}?", "\\d+\\.\\d+", "\\pN\\p{Greek}", "(?:a|b)*", "\\x{1F600}",
    "a|", "()", "[\\w.-]+@[a-z]+", "(?-s:.)", ".*?",
  ])("%j is taken by all proxies", (pattern) => {
    expect(findRegexMistake(pattern)).toBeUndefined();
  }); // prettier-ignore

  it.each([
    ["a(b", 'missing ")"'],
    ["a)b", 'unexpected ")"'],
    ["[a", 'missing "]"'],
    ["[z-a]", "range"],
    ["*a", "nothing to repeat"],
    ["a**", "repeats a repetition"],
    ["a{1001}", "more than 1000"],
    ["a{3,2}", "wrong way round"],
    ["(?=a)", "look-around"],
    ["(?<!a)b", "look-around"],
    ["(a)\\1", "references back"],
    ["(?>a)", "atomic"],
    ["\\", 'a "\\" at the end'],
    ["\\y", "unknown escape"],
    ["(?i)*", "nothing to repeat"],
    ["(?<n>a)(?P<n>b)", "two groups"],
    ["[\\b]", "no character"],
    ["a{", "begins no repetition"],
    ["a{,5}", "begins no repetition"],
    ["(a{50}){50}", "more than 1000"],
    ["\\Qa\\E", "unknown escape"],
    ["\\<a", "without"],
    ["\\07", "octal"],
    ["[a[b]", "must be written"],
    ["[a&&b]", "differently"],
    ["[[:alphabet:]]", "must be written"],
    ["\\p{Klingon}", "no class"],
    [`${"(".repeat(300)}${")".repeat(300)}`, "nested deeper"],
  ])("%j is refused: %s", (pattern, reason) => {
    expect(findRegexMistake(pattern)).toContain(reason);
  });
});

describe("a substitution", () => {
  it.each([
    ["^/a/([^/]+)(?:/x)?(?P<rest>/.*)$", String.raw`\2/\1\\\0`],
    ["a", "b"],
  ])("of %j by %j is fine", (pattern, substitution) => expect(findSubstitutionMistake(pattern, substitution)).toBeUndefined());

  it.each([
    ["(a)[(](?:b)", String.raw`\2`, "it has 1"],
    ["a", String.raw`\x`, "neither"],
    ["a", "b\\", "neither"],
  ])("of %j by %j is refused: %s", (pattern, substitution, reason) =>
    expect(findSubstitutionMistake(pattern, substitution)).toContain(reason),
  );
});
