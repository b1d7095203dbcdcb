import { FakeClock } from "@fairlead/kit";
import { describe, expect, it } from "vitest";
import { renewalDelayMs } from "./identity.ts";

const HOUR_MS = 3600_000;

describe("a certificate is renewed", () => {
  const clock = new FakeClock();
  const certificate = { notBeforeMs: clock.now() - 120_000, notAfterMs: clock.now() + 24 * HOUR_MS };

  it("at half of what is left of its life", () => {
    expect(renewalDelayMs(certificate, { clock, random: () => 0.5 })).toBe(12 * HOUR_MS);
  });

  it("up to five per cent earlier or later, so that a fleet spreads out", () => {
    expect(renewalDelayMs(certificate, { clock, random: () => 0 })).toBeCloseTo(24 * HOUR_MS * 0.45);
    expect(renewalDelayMs(certificate, { clock, random: () => 1 })).toBeCloseTo(24 * HOUR_MS * 0.55);
  });

  it("at once when it has expired", () => {
    expect(renewalDelayMs({ ...certificate, notAfterMs: clock.now() - 1 }, { clock, random: () => 0.5 })).toBe(0);
  });
});
