import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** The reference is made from doc comments: whatever the package exports has one. */

const SOURCES = dirname(fileURLToPath(import.meta.url));
const API = join(SOURCES, "../../api/src/proxy-admin-api.ts");

/** Names that `index.ts` exports, and the files that declare them. */
function exportsOf(index: string): readonly { readonly name: string; readonly path: string }[] {
  return [...index.matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g)].flatMap(([, names = "", from = ""]) => {
    const path = from === "@fairlead/api" ? API : join(SOURCES, from);
    const list = names.split(",").map((name) => name.replace(/^\s*type\s+/, "").trim());
    return list.filter((name) => name !== "").map((name) => ({ name: name.replace(/ as .*$/, ""), path }));
  });
}

function isDocumented(source: string, name: string): boolean {
  const declaration = new RegExp(`^export (?:declare )?(?:async )?(?:class|interface|type|function|const) ${name}\\b`, "m").exec(source);
  return declaration !== null && source.slice(0, declaration.index).trimEnd().endsWith("*/");
}

it("has a doc comment on everything that it exports", () => {
  const exported = exportsOf(readFileSync(join(SOURCES, "index.ts"), "utf8"));
  expect(exported.length).toBeGreaterThan(40);
  expect(exported.filter(({ name, path }) => !isDocumented(readFileSync(path, "utf8"), name)).map(({ name }) => name)).toEqual([]);
});

it("has a doc comment on every method of the proxy", () => {
  const source = readFileSync(join(SOURCES, "proxy.ts"), "utf8");
  const body = source.slice(source.indexOf("export class Proxy"), source.indexOf("#assertRunning(): void"));
  const lines = body.split("\n");
  const methods = lines.flatMap((line, index) =>
    /^ {2}(?:static )?(?:async )?[a-z[][\w.\]]*\(/.test(line) ? [{ line, before: lines[index - 1] ?? "" }] : [],
  );
  expect(methods.length).toBeGreaterThan(9);
  expect(methods.filter(({ before }) => !before.trimEnd().endsWith("*/")).map(({ line }) => line)).toEqual([]);
});

it("says nothing of type any", () => {
  for (const file of [
    "config.ts",
    "policy-config.ts",
    "proxy.ts",
    "explain.ts",
    "endpoints.ts",
    "proxy-report.ts",
    "native/engine.ts",
    "native/errors.ts",
  ])
    expect([file, /:\s*any\b|<any>|\bany\[\]/.test(readFileSync(join(SOURCES, file), "utf8"))]).toEqual([file, false]);
});
