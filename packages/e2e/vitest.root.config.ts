import { defineConfig } from "vitest/config";

// Suites that change iptables in network namespaces of their own: they need root, and say so and skip where they are not.
export default defineConfig({
  test: { include: ["root/**/*.test.ts"], fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 },
});
