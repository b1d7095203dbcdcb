#!/usr/bin/env node
// Brings a fresh clone to where one of the npm scripts can run: checks what must be there, installs, builds, then starts the thing under the
// pinned Node. Plain JavaScript without dependencies, because it runs before there are any, on whatever Node (20 or later) the machine has.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENGINE, profileFlags, withFlags } from "./engine/flags.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PINNED_NODE = join(ROOT, "node_modules/node/bin/node");
const NX = join(ROOT, "node_modules/nx/dist/bin/nx.js");
const OLDEST_NODE = 20;
const HEARTBEAT_MS = 15_000;

const ansi = process.stdout.isTTY && !process.env["NO_COLOR"] ? (code, text) => `\x1b[${code}m${text}\x1b[0m` : (_code, text) => text;
const dim = (text) => ansi(2, text);
const bold = (text) => ansi(1, text);
const green = (text) => ansi(32, text);
const red = (text) => ansi(31, text);

const COMMANDS = {
  demo: { about: "run the sample mesh (--smoke: check it end to end instead)", run: demo },
  test: { about: "unit tests and end-to-end suites", run: test },
  check: { about: "formatting, lint, names, types, clippy", run: check },
  e2e: { about: "the end-to-end suites alone (arguments go to vitest)", run: e2e },
  bench: { about: "benchmarks beside HAProxy, nginx and Envoy", run: bench },
  soak: { about: "the mesh under load for 20 minutes while everything happens to it", run: soak },
  ci: { about: "all of it, as .ci/run does", run: ci },
};

await main(process.argv.slice(2));

async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? "") ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const list = Object.entries(COMMANDS).map(([key, { about }]) => `  npm run ${key.padEnd(6)} ${about}`);
    console.error(`${name === undefined ? "" : `unknown command "${name}"\n\n`}usage:\n${list.join("\n")}`);
    process.exit(2);
  }
  checkPrerequisites();
  await install();
  process.exit(await command.run(args));
}

// What must be on the machine

function checkPrerequisites() {
  const missing = [];
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE)
    missing.push(`Node.js ${OLDEST_NODE} or later to start with (this is ${process.versions.node}); see https://nodejs.org`);
  if (!answers("cargo", ["--version"])) missing.push("Rust's cargo, to build the proxy's engine; see https://rustup.rs");
  if (!answers(process.env["CC"] ?? "cc", ["--version"]))
    missing.push("a C compiler named cc, to link the engine (Debian: apt install build-essential; macOS: xcode-select --install)");
  if (missing.length === 0) return;
  console.error(`${red("✗")} this machine lacks:\n${missing.map((line) => `    ${line}`).join("\n")}`);
  process.exit(1);
}

function answers(command, args) {
  return spawnSync(command, args, { stdio: "ignore", timeout: 60_000 }).status === 0;
}

// Packages of npm

async function install() {
  if (isInstalled()) return;
  if (compileEngine()) process.stdout.write(`${dim("…")} compiling the engine, beside npm\n`);
  // Not `npm ci`: it refuses a lock file that was made where the registry has no packages for other systems (macOS, Windows).
  await step("installing npm packages", "npm", ["install", "--no-save", "--no-audit", "--no-fund"]);
  if (!isInstalled()) {
    console.error(`${red("✗")} npm install ended, yet node_modules does not match package-lock.json; remove node_modules and try again`);
    process.exit(1);
  }
}

/** Whether node_modules holds what package-lock.json names: npm writes beside the packages what it put there. */
function isInstalled() {
  const wanted = readJson(join(ROOT, "package-lock.json"))?.packages;
  const present = readJson(join(ROOT, "node_modules/.package-lock.json"))?.packages;
  if (wanted === undefined || present === undefined || !existsSync(PINNED_NODE)) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true;
    const found = present[path];
    return found === undefined
      ? entry.optional === true || entry.devOptional === true || entry.peer === true
      : found.version === entry.version;
  });
}

/**
 * Starts compiling the engine up to its link: that takes processors, npm takes network and disk. The addon as a mere library has the same
 * dependencies, compiled with the same flags, as what `napi build` asks cargo for when nx gets to it; cargo makes that wait until this is
 * done. What goes wrong here goes wrong there again, and is reported there.
 */
function compileEngine() {
  if (existsSync(join(ENGINE, "dist/index.js"))) return false;
  const host = /^host: (.+)$/m.exec(spawnSync("rustc", ["-vV"], { cwd: ENGINE, encoding: "utf8" }).stdout ?? "")?.[1];
  if (host === undefined) return false;
  const args = ["rustc", "--release", "--target", host, "--package", "binding", "--crate-type", "rlib"];
  // A process group of its own, so that the compilers end with cargo.
  const env = withFlags(process.env, profileFlags() ?? []);
  const cargo = spawn("cargo", args, { cwd: ENGINE, env, stdio: "ignore", detached: true });
  let running = cargo.pid !== undefined;
  const ended = () => void (running = false);
  cargo.once("error", ended);
  cargo.once("exit", ended);
  process.once("exit", () => void (running && process.kill(-cargo.pid, "SIGTERM")));
  return true;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

// Building

/** Builds every package; nx answers from its cache what has not changed. */
async function build() {
  await step("building", PINNED_NODE, [NX, "run-many", "-t", "build", "--output-style=stream"], describeTask);
}

/** `> nx run @fairlead/kit:build` → `build kit`; what came from the cache, like everything else, is not worth a line. */
function describeTask(line) {
  const match = /^> nx run @fairlead\/([\w-]+):(\w+)(.*)$/.exec(line);
  return match === null || /\[.*cache.*\]/.test(match[3]) ? undefined : dim(`${match[2]} ${match[1]}`);
}

/** Runs one step of preparation quietly: a line for the start, one for the end, its whole output only when it fails. */
async function step(title, command, args, describe = () => undefined) {
  const startMs = Date.now();
  const seconds = () => `${((Date.now() - startMs) / 1000).toFixed(1)} s`;
  const output = [];
  let open = true;
  process.stdout.write(`${dim("…")} ${title}${title === "building" ? dim(" (the first time takes minutes, later ones a moment)") : ""}\n`);
  const heartbeat = setInterval(() => process.stdout.write(dim(`  still ${title}, ${seconds()}\n`)), HEARTBEAT_MS);
  const status = await run(command, args, {
    quiet: (line) => {
      output.push(line);
      const news = describe(line);
      if (news !== undefined && open) process.stdout.write(`  ${news}\n`);
    },
  });
  open = false;
  clearInterval(heartbeat);
  if (status === 0) return void process.stdout.write(`${green("✓")} ${title} ${dim(seconds())}\n`);
  process.stdout.write(`${output.join("\n")}\n${red("✗")} ${title} failed after ${seconds()}: ${[command, ...args].join(" ")}\n`);
  process.exit(status);
}

// The commands

async function demo(args) {
  await build();
  if (args.includes("--smoke")) return runNode(["packages/e2e/src/smoke/main.ts", ...args.filter((arg) => arg !== "--smoke")]);
  return runNode(["packages/cli/dist/main.js", "local", "samples/bookinfo/mesh", "--load", ...args]);
}

async function e2e(args) {
  await build();
  return runNode([
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    join(ROOT, "packages/e2e/vitest.config.ts"),
    "--root",
    join(ROOT, "packages/e2e"),
    ...args,
  ]);
}

/** Unit tests and end-to-end suites, counted in the last line. */
function test() {
  return runNode(["tools/ci/main.ts", "test", "e2e"]);
}

async function check() {
  await build();
  return runNode(["tools/ci/main.ts", "check"]);
}

/** What decides whether a change lands: everything, beside other people's proxies. */
async function ci() {
  const installed = await runNode(["tools/peers/install.ts"]);
  return installed === 0 ? runNode(["tools/ci/main.ts", "all"]) : installed;
}

async function bench(args) {
  await build();
  return runNode(["tools/bench/main.ts", ...args]);
}

async function soak(args) {
  await build();
  return runNode(["packages/e2e/src/soak/main.ts", ...args]);
}

// Processes

function runNode([script, ...args]) {
  return run(PINNED_NODE, [join(ROOT, script), ...args], {});
}

/** Runs a program from the root with the pinned Node first in PATH; answers its exit status. With `quiet`, its lines go there. */
function run(command, args, { quiet }) {
  const path = [dirname(PINNED_NODE), join(ROOT, "node_modules/.bin"), process.env["PATH"] ?? ""].join(":");
  // Without nx's daemon nothing of ours stays behind when the command has ended.
  const env = { ...process.env, PATH: path, NX_DAEMON: "false" };
  const child = spawn(command, args, { cwd: ROOT, env, stdio: quiet === undefined ? "inherit" : ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) readLines(stream, quiet);
  // The terminal sends Ctrl-C to the child as well, which knows how to stop; this process waits for it.
  const forward = (signal) => void child.kill(signal);
  const ignore = () => undefined;
  process.on("SIGTERM", forward);
  process.on("SIGINT", ignore);
  return new Promise((resolve) => {
    const end = (status) => {
      process.off("SIGTERM", forward);
      process.off("SIGINT", ignore);
      resolve(status);
    };
    child.once("error", (error) => {
      console.error(`${red("✗")} cannot start ${bold(command)}: ${error.message}`);
      end(127);
    });
    child.once("close", (status, signal) => end(status ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

function readLines(stream, take) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line.trimEnd());
  });
  stream.on("end", () => {
    if (rest !== "") take(rest);
  });
}
