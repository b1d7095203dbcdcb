import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SMOKE = fileURLToPath(new URL("../../src/smoke/main.ts", import.meta.url));

test("the smoke run changes a mesh in every way under load, and the application's and Mixer's numbers agree", () => {
  const { status, stdout } = spawnSync(process.execPath, [SMOKE], {
    encoding: "utf8",
    timeout: 170_000,
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stdout).toContain("✓ everything agrees");
  expect(stdout).toMatch(/failed unexpectedly\s+0/);
  expect(status).toBe(0);
});
