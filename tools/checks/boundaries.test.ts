import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const planted: string[] = [];

/** Lints one file planted into the tree and answers what the linter printed about it. */
function lintPlanted(file: string, code: string): string {
  const path = `${ROOT}${file}`;
  planted.push(path);
  writeFileSync(path, code);
  try {
    return execFileSync("npx", ["oxlint", path], { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

afterEach(() => {
  for (const path of planted.splice(0)) rmSync(path, { force: true });
});

describe("the linter refuses", () => {
  it.each([
    [
      "a service that imports another",
      "packages/mixer/src/planted-a.ts",
      '@fairlead/pilot"',
      "mixer (service) may not import pilot (service)",
    ],
    [
      "a contract that imports a service",
      "packages/api/src/planted-b.ts",
      '@fairlead/citadel"',
      "api (contract) may not import citadel (service)",
    ],
    [
      "a client that imports a whole service",
      "packages/cli/src/planted-c.ts",
      '@fairlead/pilot"',
      "cli (client) may not import pilot (service)",
    ],
    ["an import past the exports", "packages/mixer/src/planted-d.ts", '@fairlead/kit/src/clock.ts"', "import what the package exports"],
    [
      "the addon outside its room",
      "packages/dataplane/src/planted-e.ts",
      '@fairlead/dataplane-native"',
      "only native/addon.ts imports the addon",
    ],
    ["a stage that reads backwards", "packages/pilot/src/ir/planted-f.ts", '../xds/planted.ts"', "pilot: ir/ may import only model"],
    [
      "a stage that reads backwards from deeper down",
      "packages/pilot/src/xds/from-ir/planted-g.ts",
      '../../stream/planted.ts"',
      "pilot: xds/ may import only ir",
    ],
  ])("%s", (_what, file, specifier, message) => {
    expect(lintPlanted(file, `import { planted } from "${specifier};\n\nexport const value: unknown = planted;\n`)).toContain(message);
  });

  it("time that is not a parameter", () => {
    expect(lintPlanted("packages/mixer/src/planted-h.ts", "export const now = (): number => Date.now();\n")).toContain(
      "time is a parameter",
    );
  });
});

describe("the linter allows", () => {
  it("the client's pure subpaths of a service", () => {
    const code = 'import { planted } from "@fairlead/pilot/offline";\n\nexport const value: unknown = planted;\n';
    expect(lintPlanted("packages/cli/src/planted-i.ts", code)).not.toContain("may not import");
  });
});
