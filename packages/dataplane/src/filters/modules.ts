import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { registerHooks } from "node:module";
import { isAbsolute, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

/** Where filters find what they are made with, wherever they are themselves. */
const OWN_SPECIFIER = "@fairlead/dataplane/filter";

/**
 * Loads modules of a folder, and nothing outside of it. A module that has changed since is loaded anew, with what it imports by a relative path; packages that
 * it imports are loaded once.
 */
export function createModuleLoader(directory: string, ownUrl: string): (module: string) => Promise<Readonly<Record<string, unknown>>> {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === OWN_SPECIFIER) return { url: ownUrl, shortCircuit: true };
      const version = versionOf(context.parentURL);
      const resolved = nextResolve(specifier, context);
      const isOfModule = version !== undefined && /^\.{0,2}\//.test(specifier) && resolved.url.startsWith("file:");
      if (!isOfModule && versionOf(resolved.url) === undefined) return resolved;
      const url = new URL(resolved.url);
      if (version !== undefined) url.searchParams.set(VERSION, version);
      const format = FORMATS.get(/\.\w+$/.exec(url.pathname)?.[0] ?? "") ?? resolved.format;
      return { ...resolved, url: url.href, format };
    },
  });
  return async (module) => {
    const url = pathToFileURL(await locate(directory, module));
    url.searchParams.set(VERSION, await fingerprint(directory, module));
    const exported: unknown = await import(url.href);
    return typeof exported === "object" && exported !== null ? { ...exported } : {};
  };
}

/** The file of a module. Throws where there is none, or where it is not in the folder, by a link for example. */
export async function locate(directory: string, module: string): Promise<string> {
  const root = await realpath(directory).catch(() => {
    throw new Error(`the folder of filter modules ${directory} cannot be read`);
  });
  const file = await realpath(join(root, module)).catch(() => {
    throw new Error(`there is no file ${JSON.stringify(module)} in the folder of filter modules`);
  });
  const path = relative(root, file);
  if (path.startsWith("..") || isAbsolute(path)) throw new Error(`${JSON.stringify(module)} leads out of the folder of filter modules`);
  return file;
}

/** Parameter of a module's URL: each version is a module of its own. */
const VERSION = "fairlead";

/** Node finds out by a `package.json` otherwise, which need not be there. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  [".ts", "module-typescript"],
  [".mts", "module-typescript"],
  [".js", "module"],
  [".mjs", "module"],
]);

/** What tells a version of a module from others. Throws where there is none. */
export async function fingerprint(directory: string, module: string): Promise<string> {
  const file = await locate(directory, module);
  const [bytes, { mtimeMs }] = await Promise.all([readFile(file), stat(file)]);
  return createHash("sha256").update(bytes).update(String(mtimeMs)).digest("hex").slice(0, 16);
}

function versionOf(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith("file:")) return undefined;
  return new URL(url).searchParams.get(VERSION) ?? undefined;
}
