import { expect, it } from "vitest";
import { createCounterBaseline } from "./counter-baseline.ts";

const text = (requests: number, open: number): string =>
  [
    "# HELP requests_total Requests.",
    "# TYPE requests_total counter",
    `requests_total{code="200",of="a b"} ${requests}`,
    "# HELP open Connections.",
    "# TYPE open gauge",
    `open ${open}`,
    "",
  ].join("\n");

it("counts from a reset on, and leaves gauges as they are", () => {
  const counters = createCounterBaseline();
  expect(counters.since(text(5, 2))).toBe(text(5, 2));
  counters.reset(text(5, 2));
  expect(counters.since(text(7, 3))).toBe(text(2, 3));
});

it("takes a counter that has begun anew for what it says", () => {
  const counters = createCounterBaseline();
  counters.reset(text(5, 2));
  expect(counters.since(text(1, 2))).toBe(text(1, 2));
});

it("is reset to what there is by a second reset", () => {
  const counters = createCounterBaseline();
  counters.reset(text(5, 2));
  counters.reset(text(6, 2));
  expect(counters.since(text(6, 2))).toBe(text(0, 2));
});
