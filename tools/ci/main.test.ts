import { expect, it } from "vitest";
import { countTests } from "./main.ts";

it("adds up what vitest and cargo print", () => {
  const output = [
    "      Tests  1 failed | 11 passed (12)",
    "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
    "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
    "Tests of something else that passed",
  ];
  expect(countTests(output.join("\n"))).toEqual({ passed: 18, failed: 4 });
});
