import { createFolder } from "./folder.ts";
import type { Source, SourceChange } from "./source.ts";

/** A source whose files are texts in memory: for tests, and for whoever has configuration already. */
export interface MemorySource extends Source {
  /** Puts a file's text in place; listeners are called before this returns. */
  setFile(file: string, text: string): void;
  deleteFile(file: string): void;
}

export function createMemorySource(files: Readonly<Record<string, string>> = {}): MemorySource {
  const folder = createFolder();
  const listeners = new Set<(change: SourceChange) => void>();
  const tell = (change: SourceChange | undefined): void => {
    if (change !== undefined) for (const listener of listeners) listener(change);
  };
  folder.load(Object.entries(files));
  return {
    get objects() {
      return folder.objects;
    },
    get problems() {
      return folder.problems;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setFile: (file, text) => tell(folder.set(file, text)),
    deleteFile: (file) => tell(folder.delete(file)),
    close: () => Promise.resolve(listeners.clear()),
  };
}
