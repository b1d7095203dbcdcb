import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { codeOf, type Logger, messageOf, type Problem } from "@fairlead/kit";
import { watch } from "chokidar";
import { createFolder, type Folder } from "./folder.ts";
import type { Source, SourceChange } from "./source.ts";

/** Larger files are not read: configuration is written by people. */
const MAX_FILE_BYTES = 8 << 20;
/** How deep below the folder files are looked for; also what ends a circle of symbolic links. */
const MAX_DEPTH = 16;
/** An editor that writes in several steps is given this long, so that half a file is never taken for the whole. */
const WRITE_SETTLES_AFTER_MS = 60;

/** Reads all `.yaml` and `.yml` files below a folder once. Rejects only when the folder itself cannot be read. */
export async function readFolder(directory: string): Promise<Pick<Folder, "objects" | "problems">> {
  const folder = createFolder();
  await loadAll(folder, directory);
  return folder;
}

/** What the files below a folder say, and which of them cannot be read. */
export interface FolderTexts {
  /** By path inside the folder, in the order of their names. */
  readonly texts: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/** Reads the texts of all `.yaml` and `.yml` files below a folder once. Rejects only when the folder itself cannot be read. */
export async function readTexts(directory: string): Promise<FolderTexts> {
  const texts: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const file of await listFiles(directory)) {
    const read = await readText(directory, file);
    if (read.kind === "text") texts[file] = read.text;
    else if (read.kind === "failure") problems.push(read.problem);
  }
  return { texts, problems };
}

/**
 * Reads all `.yaml` and `.yml` files below a folder and follows their changes. Files and folders whose name begins with a dot are left out. Rejects when
 * the folder cannot be read at the start; later failures are problems.
 */
export async function watchFiles(options: { readonly directory: string; readonly logger?: Logger }): Promise<Source> {
  const { directory, logger } = options;
  await readdir(directory);
  const folder = createFolder();
  let blind: readonly Problem[] = [];
  const listeners = new Set<(change: SourceChange) => void>();
  const watcher = watch(directory, {
    ignoreInitial: true,
    depth: MAX_DEPTH,
    ignored: (path, stats) => isHidden(directory, path) || (stats?.isFile() === true && !isConfigFile(path)),
    awaitWriteFinish: { stabilityThreshold: WRITE_SETTLES_AFTER_MS, pollInterval: 15 },
  });
  await new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
  await loadAll(folder, directory);

  // One after the other, so that the newest text of a file is also the last one taken.
  const take = async (before: Promise<void>, step: () => Promise<SourceChange | undefined> | SourceChange | undefined): Promise<void> => {
    await before;
    try {
      const change = await step();
      if (change !== undefined) for (const listener of listeners) listener(change);
    } catch (error) {
      logger?.error({ err: error }, "failed to follow a change of the configuration folder");
    }
  };
  let queue = Promise.resolve();
  const follow = (step: () => Promise<SourceChange | undefined> | SourceChange | undefined): void => {
    queue = take(queue, step);
  };
  const nameOf = (path: string): string => relative(directory, path).split(sep).join("/");
  watcher.on("add", (path) => follow(() => load(folder, directory, nameOf(path))));
  watcher.on("change", (path) => follow(() => load(folder, directory, nameOf(path))));
  watcher.on("unlink", (path) => follow(() => folder.delete(nameOf(path))));
  watcher.on("error", (error) => {
    logger?.warn({ err: error }, "cannot watch a part of the configuration folder");
    blind = [watchProblem(directory, error)];
    follow(() => ({ upserted: [], deleted: [] }));
  });

  return {
    get objects() {
      return folder.objects;
    },
    get problems() {
      return [...blind, ...folder.problems];
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      listeners.clear();
      await watcher.close();
      await queue;
    },
  };
}

async function loadAll(folder: Folder, directory: string): Promise<void> {
  const { texts, problems } = await readTexts(directory);
  for (const problem of problems) folder.fail(problem.origin.name, problem);
  folder.load(Object.entries(texts));
}

async function load(folder: Folder, directory: string, file: string): Promise<SourceChange | undefined> {
  if (!isConfigFile(file)) return undefined;
  const read = await readText(directory, file);
  switch (read.kind) {
    case "text":
      return folder.set(file, read.text);
    case "failure":
      return folder.fail(file, read.problem);
    case "gone":
      return folder.delete(file);
  }
}

type Reading =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failure"; readonly problem: Problem }
  | { readonly kind: "gone" };

async function readText(directory: string, file: string): Promise<Reading> {
  const path = join(directory, file);
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return { kind: "failure", problem: fileProblem(file, `it has ${size} bytes, more than ${MAX_FILE_BYTES}`) };
    return { kind: "text", text: await readFile(path, "utf8") };
  } catch (error) {
    // Gone again before it could be read: the watcher tells that as well.
    if (codeOf(error) === "ENOENT") return { kind: "gone" };
    return { kind: "failure", problem: fileProblem(file, messageOf(error)) };
  }
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const files: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith(".")) continue;
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(directory, name))));
      if (isFolder && depth < MAX_DEPTH) await visit(name, depth + 1);
      else if (!isFolder && isConfigFile(name)) files.push(name);
    }
  };
  await visit("", 0);
  return files.toSorted();
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function isConfigFile(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

function isHidden(directory: string, path: string): boolean {
  return relative(directory, path)
    .split(sep)
    .some((part) => part.startsWith(".") && part !== "." && part !== "..");
}

function fileProblem(file: string, reason: string): Problem {
  return {
    severity: "error",
    code: "file",
    message: `cannot read the file: ${reason}`,
    origin: { kind: "File", namespace: "", name: file, file },
  };
}

function watchProblem(directory: string, error: unknown): Problem {
  return {
    severity: "warning",
    code: "watch",
    message: `changes of a part of the folder may go unnoticed: ${messageOf(error)}`,
    hint: "restart after changes, or raise the system's limit of watches (fs.inotify.max_user_watches)",
    origin: { kind: "Folder", namespace: "", name: directory },
  };
}
