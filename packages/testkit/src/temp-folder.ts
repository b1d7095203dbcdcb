import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of a test's own; `using` or `remove()` deletes it with everything inside. */
export interface TempFolder extends Disposable {
  readonly path: string;
  /** Path of a file or folder inside. */
  join(...parts: readonly string[]): string;
  /** Writes a file, making the folders that lead to it; answers its path. */
  write(name: string, text: string): string;
  remove(): void;
}

export function createTempFolder(prefix = "fairlead-"): TempFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  return {
    path,
    join: (...parts) => join(path, ...parts),
    write(name, text) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    remove,
    [Symbol.dispose]: remove,
  };
}
