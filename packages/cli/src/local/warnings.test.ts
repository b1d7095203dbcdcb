import { FakeClock } from "@fairlead/kit";
import { expect, test } from "vitest";
import { createWarnings, type Warning } from "./warnings.ts";

test("what many processes say within a moment is one warning, and is not repeated soon", async () => {
  const clock = new FakeClock();
  const said: Warning[] = [];
  const warnings = createWarnings({ clock, onWarning: (warning) => said.push(warning) });
  warnings.add({ child: "a-proxy", level: "warn", text: "stream ended, next attempt in 210 ms" });
  warnings.add({ child: "b-proxy", level: "warn", text: "stream ended, next attempt in 190 ms" });
  await clock.advance(1_000);
  expect(said).toEqual([{ level: "warn", text: "stream ended, next attempt in 210 ms", children: ["a-proxy", "b-proxy"] }]);
  warnings.add({ child: "a-proxy", level: "warn", text: "stream ended, next attempt in 400 ms" });
  await clock.advance(1_000);
  expect(said).toHaveLength(1);
  await clock.advance(30_000);
  warnings.add({ child: "a-proxy", level: "warn", text: "stream ended, next attempt in 400 ms" });
  await clock.advance(1_000);
  expect(said).toHaveLength(2);
});
