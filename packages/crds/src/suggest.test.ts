import { describe, expect, it } from "vitest";
import { suggest } from "./suggest.ts";

describe("a suggestion", () => {
  const fields = ["weight", "destination", "headers", "trafficPolicy", "subset"];
  it.each([
    ["wieght", "weight"],
    ["Weight", "weight"],
    ["traffic_policy", "trafficPolicy"],
    ["destinations", "destination"],
    ["subest", "subset"],
  ])("for %s is %s", (word, meant) => expect(suggest(word, fields)).toBe(meant));

  it("is not made for another word", () => expect(suggest("colour", fields)).toBeUndefined());
});
