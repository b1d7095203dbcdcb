import { appendFileSync, renameSync, statSync } from "node:fs";

/** Where a child's output is kept; the older half moves to `<path>.1`, so that a log never fills the disk. */
export interface LogFile {
  write(line: string): void;
}

const MAX_BYTES = 10 << 20;

export function openLogFile(path: string): LogFile {
  let size = sizeOf(path);
  return {
    write(line) {
      const text = `${line}\n`;
      try {
        if (size > MAX_BYTES) {
          renameSync(path, `${path}.1`);
          size = 0;
        }
        appendFileSync(path, text, { mode: 0o600 });
        size += Buffer.byteLength(text);
      } catch {
        // A log that cannot be written (full disk, removed folder) must not stop the mesh.
      }
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
