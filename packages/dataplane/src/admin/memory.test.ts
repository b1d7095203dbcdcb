import { describe, expect, it } from "vitest";
import { readMemoryUse } from "./memory.ts";

const GIB = 2 ** 30;

describe("readMemoryUse", () => {
  it("counts what the engine has taken beside what JavaScript has", () => {
    const engine = { name: "fairlead_proxy_memory_resident_bytes", labels: {}, value: 64 * GIB };
    const use = readMemoryUse([engine]);
    expect(use.allocated).toBeGreaterThan(64 * GIB);
    expect(use.heapSize).toBeGreaterThanOrEqual(use.allocated);
    expect(use.free).toBe(use.heapSize - use.allocated);
  });

  it("knows JavaScript's where the engine says nothing", () => {
    const { allocated, physical } = readMemoryUse([]);
    expect(allocated).toBeGreaterThan(0);
    expect(allocated).toBeLessThan(GIB);
    expect(physical).toBeGreaterThan(0);
  });
});
