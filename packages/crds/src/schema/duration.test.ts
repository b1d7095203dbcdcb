import { describe, expect, it } from "vitest";
import { parseDuration } from "./duration.ts";

describe("a duration", () => {
  it.each([
    ["5s", 5000],
    ["1.5s", 1500],
    ["500ms", 500],
    ["1h30m", 5_400_000],
    ["0", 0],
    ["0s", 0],
    ["2h0m0.5s", 7_200_500],
  ])("%s is %d milliseconds", (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each(["", "5", "5 s", "s", "-5s", "1d", "5S"])("%j is none", (text) => expect(parseDuration(text)).toBeUndefined());
});
