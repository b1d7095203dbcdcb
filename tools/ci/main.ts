/**
 * Runs the project's checks and tests and counts them: `node tools/ci/main.ts test|check|sanitize|e2e|peers|all …`.
 * The last line is `N passed, N failed`; the exit code is 0 only where nothing failed.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NATIVE = "packages/dataplane-native/Cargo.toml";

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Tests are counted one by one as their runners print them; a check counts as one. */
  readonly counts: "tests" | "one";
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const TEST: readonly Step[] = [
  { name: "build", command: ["npx", "nx", "run-many", "-t", "build", "--output-style=static"], counts: "one" },
  { name: "unit tests", command: ["npx", "nx", "run-many", "-t", "test", "--parallel=2", "--output-style=static"], counts: "tests" },
];
const CHECK: readonly Step[] = [
  { name: "TypeScript format", command: ["npx", "oxfmt", "--check", "."], counts: "one" },
  { name: "Rust format", command: ["cargo", "fmt", "--manifest-path", NATIVE, "--all", "--check"], counts: "one" },
  { name: "lint configuration is generated", command: [process.execPath, "tools/generate/lint-config.ts", "--check"], counts: "one" },
  { name: "file names", command: ["npx", "ls-lint"], counts: "one" },
  { name: "types", command: ["npx", "nx", "run-many", "-t", "typecheck", "--output-style=static"], counts: "one" },
  { name: "lint and import boundaries", command: ["npx", "oxlint", "--quiet"], counts: "one" },
  {
    name: "clippy",
    command: ["cargo", "clippy", "--manifest-path", NATIVE, "--workspace", "--all-targets", "--", "-D", "warnings"],
    counts: "one",
  },
];
/** End-to-end suites of one configuration of vitest; paths are absolute because vitest resolves them against its root. */
function suites(name: string, config: string): Step {
  const root = join(ROOT, "packages/e2e");
  return { name, command: ["npx", "vitest", "run", "--config", join(root, config), "--root", root], counts: "tests" };
}

const SANITIZER = ["RUSTC_BOOTSTRAP=1", "RUSTFLAGS=-Zsanitizer=address"] as const;
const TARGET = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-gnu`;
/** The crate with system calls in `unsafe` blocks, under AddressSanitizer, whose runtime comes with stable Rust while its switch is not stable yet. */
const SANITIZE: readonly Step[] = [
  {
    name: "unsafe code under AddressSanitizer",
    command: ["env", ...SANITIZER, "cargo", "test", "--manifest-path", NATIVE, "-p", "net", "--lib", "--tests", "--target", TARGET],
    counts: "tests",
  },
];

const E2E: readonly Step[] = [suites("end to end", "vitest.config.ts")];
const PEERS: readonly Step[] = [
  suites("transparent capture in network namespaces (root)", "vitest.root.config.ts"),
  suites("beside other people's proxies", "vitest.peers.config.ts"),
];

const STEPS: Readonly<Record<string, readonly Step[]>> = {
  test: TEST,
  sanitize: SANITIZE,
  check: CHECK,
  e2e: E2E,
  peers: PEERS,
  all: [...CHECK, ...TEST, ...SANITIZE, ...E2E, ...PEERS],
};

/** Adds up the closing lines of vitest (`Tests  3 failed | 11 passed (14)`) and cargo (`test result: ok. 5 passed; 0 failed`). */
export function countTests(output: string): Count {
  let passed = 0;
  let failed = 0;
  for (const line of output.split("\n")) {
    if (!/^\s*(Tests\s|test result:)/.test(line)) continue;
    passed += Number(/(\d+) passed/.exec(line)?.[1] ?? 0);
    failed += Number(/(\d+) failed/.exec(line)?.[1] ?? 0);
  }
  return { passed, failed };
}

// eslint-disable-next-line no-control-regex -- terminals' colour codes begin with the escape character
const COLOURS = /\u001b\[[0-9;]*m/g;

async function run(step: Step): Promise<Count> {
  console.log(`\n▶ ${step.name}: ${step.command.join(" ")}`);
  const startedAt = performance.now();
  const [program, ...args] = step.command;
  let output = "";
  const code = await new Promise<number>((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NX_DAEMON: "false" } });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on("error", (error) => {
      console.error(`${program} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on("close", (exit) => resolve(exit ?? 1));
  });
  const tests = step.counts === "tests" ? countTests(output.replace(COLOURS, "")) : { passed: code === 0 ? 1 : 0, failed: 0 };
  // A runner that failed without naming a failed test (it did not compile, it crashed) has failed all the same.
  const count = { passed: tests.passed, failed: code === 0 ? tests.failed : Math.max(1, tests.failed) };
  console.log(
    `${count.failed === 0 ? "✔" : "✘"} ${step.name}: ${count.passed} passed, ${count.failed} failed, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  );
  return count;
}

if (import.meta.main) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : ["all"];
  const unknown = wanted.find((name) => STEPS[name] === undefined);
  if (unknown !== undefined) {
    console.error(`usage: node tools/ci/main.ts ${Object.keys(STEPS).join("|")} …, got "${unknown}"`);
    process.exit(2);
  }
  const steps = wanted.flatMap((name) => STEPS[name] ?? []);
  let passed = 0;
  const failures: string[] = [];
  let failed = 0;
  for (const step of steps) {
    const count = await run(step);
    passed += count.passed;
    failed += count.failed;
    if (count.failed > 0) failures.push(step.name);
  }
  if (failures.length > 0) console.log(`\nfailed: ${failures.join(", ")}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
