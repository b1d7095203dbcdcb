import { readdirSync, readFileSync } from "node:fs";
import type { TestMesh } from "../test-mesh.ts";

/** What a process holds at a moment. */
interface Sample {
  readonly pid: number;
  readonly memoryKb: number;
  readonly files: number;
}

/** What a process held when the soak was a quarter old, and at its end. */
export interface Growth {
  readonly process: string;
  readonly memoryMb: readonly [early: number, late: number];
  readonly files: readonly [early: number, late: number];
  readonly isFlat: boolean;
}

/** A process that is restarted on purpose has no history worth comparing: proxies have. */
const MEMORY_TOLERANCE = { share: 0.08, megabytes: 6 };
const FILES_TOLERANCE = 24;

/** Watches the processes of a mesh's proxies. */
export class Resources {
  readonly #samples = new Map<string, Sample[]>();

  sample({ mesh }: TestMesh): void {
    for (const child of mesh.children) {
      if (child.spec.role !== "proxy" || child.pid === undefined) continue;
      const list = this.#samples.get(child.spec.name) ?? [];
      list.push(readSample(child.pid));
      this.#samples.set(child.spec.name, list);
    }
  }

  /** Megabytes of all proxies now. */
  get totalMb(): number {
    return [...this.#samples.values()].reduce((sum, list) => sum + (list.at(-1)?.memoryKb ?? 0) / 1024, 0);
  }

  /** Compares the second quarter of the time with the last: the first is for growing up. */
  judge(): readonly Growth[] {
    return [...this.#samples].map(([process, samples]) => {
      const quarter = Math.max(1, Math.floor(samples.length / 4));
      const [early, late] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)];
      const memoryMb = [medianOf(early, "memoryKb") / 1024, medianOf(late, "memoryKb") / 1024] as const;
      const files = [medianOf(early, "files"), medianOf(late, "files")] as const;
      const allowedMb = Math.max(MEMORY_TOLERANCE.megabytes, memoryMb[0] * MEMORY_TOLERANCE.share);
      const isOneProcess = samples.every(({ pid }) => pid === samples[0]?.pid);
      return {
        process,
        memoryMb,
        files,
        isFlat: isOneProcess && memoryMb[1] - memoryMb[0] <= allowedMb && files[1] - files[0] <= FILES_TOLERANCE,
      };
    });
  }
}

function readSample(pid: number): Sample {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return { pid, memoryKb: Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0), files: readdirSync(`/proc/${pid}/fd`).length };
}

function medianOf(samples: readonly Sample[], field: "memoryKb" | "files"): number {
  const sorted = samples.map((sample) => sample[field]).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
