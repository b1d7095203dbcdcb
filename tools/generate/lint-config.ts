/**
 * Writes `.oxlintrc.json` from the table in `tools/checks/boundaries.ts`; with `--check` fails when it is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { ADDON_ROOM, mayImport, PACKAGES, STAGES, SUBPATHS } from "../checks/boundaries.ts";

const FILE = new URL("../../.oxlintrc.json", import.meta.url);

interface Pattern {
  readonly group: readonly string[];
  readonly message: string;
}
interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, unknown>>;
}

const TIME = "time is a parameter: take a Clock (@fairlead/kit)";
const RANDOMNESS = "randomness is a parameter: take a random function";

const RULES = {
  "import/no-cycle": "error",
  "import/no-default-export": "error",
  "typescript/no-explicit-any": "error",
  "typescript/no-non-null-assertion": "error",
  "typescript/no-floating-promises": "error",
  "typescript/no-misused-promises": ["error", { checksVoidReturn: false }],
  "typescript/switch-exhaustiveness-check": "error",
  "typescript/consistent-type-imports": "error",
  "no-restricted-globals": ["error", { name: "setTimeout", message: TIME }, { name: "setInterval", message: TIME }],
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: TIME },
    { object: "performance", property: "now", message: TIME },
    { object: "Math", property: "random", message: RANDOMNESS },
  ],
  "no-console": "error",
  eqeqeq: "error",
  // A timer's handle or a promise of a finished close is often not worth a name.
  "no-unused-expressions": "off",
};

function packagePatterns(importer: string): Pattern[] {
  const subpaths = (SUBPATHS[importer] ?? []).map((path) => `!${path}`);
  return Object.keys(PACKAGES)
    .filter((imported) => !mayImport(importer, imported))
    .map((imported) => ({
      group: [
        `@fairlead/${imported}`,
        `@fairlead/${imported}/**`,
        ...subpaths.filter((path) => path.startsWith(`!@fairlead/${imported}/`)),
      ],
      message: `${importer} (${PACKAGES[importer]}) may not import ${imported} (${PACKAGES[imported]}): see tools/checks/boundaries.ts`,
    }));
}

/** Nothing reaches past a package's exports map, by path or by name. */
const DEEP: Pattern = { group: ["@fairlead/*/src/**", "@fairlead/*/dist/**"], message: "import what the package exports" };

function stagePatterns(packageName: string, stage: string): Pattern[] {
  const stages = STAGES[packageName] ?? {};
  const allowed = stages[stage] ?? [];
  return Object.keys(stages)
    .filter((other) => other !== stage && !allowed.includes(other))
    .map((other) => ({
      group: [`../${other}/**`, `../../${other}/**`, `../../../${other}/**`],
      message: `${packageName}: ${stage}/ may import only ${allowed.join(", ") || "nothing of the other stages"}, not ${other}/`,
    }));
}

const ADDON: Pattern = { group: ["@fairlead/dataplane-native"], message: "only native/addon.ts imports the addon" };

function importRule(patterns: readonly Pattern[]): Override["rules"] {
  return { "no-restricted-imports": ["error", { patterns }] };
}

function importOverrides(): Override[] {
  return Object.keys(PACKAGES)
    .filter((name) => name !== "dataplane-native")
    .flatMap((name) => {
      const own = [DEEP, ...packagePatterns(name)];
      const room = `packages/${name}/src`;
      const guarded = name === "dataplane" ? [...own, ADDON] : own;
      return [
        { files: [`packages/${name}/**/*.ts`], rules: importRule(guarded) },
        ...Object.keys(STAGES[name] ?? {}).map((stage) => ({
          files: [`${room}/${stage}/**/*.ts`],
          rules: importRule([...(`${room}/${stage}` === ADDON_ROOM ? own : guarded), ...stagePatterns(name, stage)]),
        })),
      ];
    });
}

/** Where the bans above do not apply, each with its reason. */
const EXCEPTIONS: readonly Override[] = [
  // The composition roots are where real time and randomness enter.
  {
    files: ["packages/*/src/main.ts", "packages/*/src/app.ts", "packages/kit/src/*.ts"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  // Tests may plant anything and import any package; end-to-end suites run in real time.
  {
    files: ["**/*.test.ts", "packages/e2e/**/*.ts", "packages/testkit/**/*.ts"],
    rules: {
      "no-restricted-globals": "off",
      "no-restricted-properties": "off",
      "no-restricted-imports": "off",
      "typescript/no-non-null-assertion": "off",
    },
  },
  // Fakes and builders are parts of tests.
  { files: ["packages/*/src/testing/**/*.ts"], rules: { "no-restricted-imports": "off" } },
  // Tools, samples and configuration files are programs of their own and talk to a terminal.
  {
    files: ["tools/**", "samples/**", "*.config.ts"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off", "no-console": "off", "import/no-default-export": "off" },
  },
];

/** The whole configuration as text. */
export function lintConfig(): string {
  const config = {
    $schema: "./node_modules/oxlint/configuration_schema.json",
    plugins: ["typescript", "unicorn", "oxc", "import", "promise", "vitest"],
    categories: { correctness: "error", suspicious: "error" },
    options: { typeAware: true },
    rules: {
      ...RULES,
      // Several awaits in a row are how ordered work reads.
      "no-await-in-loop": "off",
      // Tests are named as sentences and grouped by subject; a shared expectation helper is fine.
      "vitest/expect-expect": "off",
      "vitest/no-conditional-expect": "off",
      "vitest/require-mock-type-parameters": "off",
      // Names of the field repeat (route, cluster); shadowing across small scopes does not confuse.
      "no-shadow": "off",
      "import/no-unassigned-import": "off",
      "typescript/no-unsafe-type-assertion": "off",
      // Fires on exhaustive switches, which the compiler checks already (noImplicitReturns).
      "typescript/consistent-return": "off",
    },
    ignorePatterns: ["**/dist/**", "**/gen/**", "**/target/**", "**/*.mjs"],
    overrides: [...importOverrides(), ...EXCEPTIONS],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    if (readFileSync(FILE, "utf8") !== lintConfig()) {
      console.error(".oxlintrc.json is out of date: run `node tools/generate/lint-config.ts`");
      process.exitCode = 1;
    }
  } else {
    writeFileSync(FILE, lintConfig());
  }
}
