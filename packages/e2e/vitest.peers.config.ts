import { defineConfig } from "vitest/config";

// Suites beside other people's programs, which tools/peers/install.ts brings: what `.ci/run` adds to `npm test`.
export default defineConfig({
  test: { include: ["peers/**/*.test.ts"], fileParallelism: false, testTimeout: 180_000, hookTimeout: 120_000 },
});
