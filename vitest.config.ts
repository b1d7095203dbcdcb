import { defineConfig } from "vitest/config";

// Shared by every package: tests stand beside the code and run from the sources of all packages.
export default defineConfig({
  ssr: { resolve: { conditions: ["@fairlead/source", "node", "import", "default"] } },
  resolve: { conditions: ["@fairlead/source", "node", "import", "default"] },
  test: { include: ["src/**/*.test.ts", "suites/**/*.test.ts"], testTimeout: 20_000, hookTimeout: 60_000 },
});
