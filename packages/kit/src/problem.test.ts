import { expect, it } from "vitest";
import { describeProblem } from "./problem.ts";

it("a problem says what is wrong, where, and what to do", () => {
  const line = describeProblem({
    severity: "error",
    code: "unknown-host",
    message: 'destination host "reviws" is no service of the mesh',
    hint: 'did you mean "reviews"?',
    origin: {
      kind: "VirtualService",
      namespace: "default",
      name: "reviews",
      file: "reviews.yaml",
      line: 12,
      path: "spec.http[0].route[0].destination.host",
    },
  });
  expect(line).toBe(
    'error: VirtualService default/reviews (reviews.yaml:12, spec.http[0].route[0].destination.host): destination host "reviws" is no service of the mesh; did you mean "reviews"?',
  );
});
