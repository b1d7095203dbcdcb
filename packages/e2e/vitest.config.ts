import { defineConfig } from "vitest/config";

// Suites start whole meshes of real processes: one at a time, and with time to do so.
export default defineConfig({
  test: { include: ["suites/**/*.test.ts"], fileParallelism: false, testTimeout: 180_000, hookTimeout: 120_000 },
});
