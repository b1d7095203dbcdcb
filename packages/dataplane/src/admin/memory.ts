import type { ProxyStat } from "@fairlead/api";

/** What the process has taken, in bytes. */
export interface MemoryUse {
  /** In use: objects of JavaScript, and what the engine has taken. */
  readonly allocated: number;
  /** Taken from the system. */
  readonly heapSize: number;
  /** Of that: taken by JavaScript and free. */
  readonly free: number;
  /** What the whole process has in memory, code included. */
  readonly physical: number;
}

/** The engine's gauge of what its allocator has taken. */
const ENGINE_MEMORY = "fairlead_proxy_memory_resident_bytes";

/** How much memory the process has; `stats` are the engine's, whose memory V8 knows nothing about. */
export function readMemoryUse(stats: readonly ProxyStat[]): MemoryUse {
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
  const engine = stats.find(({ name }) => name === ENGINE_MEMORY)?.value ?? 0;
  return {
    allocated: heapUsed + external + engine,
    heapSize: heapTotal + external + engine,
    free: heapTotal - heapUsed,
    physical: rss,
  };
}
