/**
 * Takes the engine's profile anew: builds it with counters, runs the benchmark's loads through it, and writes `engine.profdata`, which every build uses
 * (`build.ts`). To be run and committed when much of the hot path has changed: `npx nx run dataplane-native:profile`. Needs what `npm run bench` needs, and
 * Rust's own `llvm-profdata` (`rustup component add llvm-tools`).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon } from "./build.ts";
import { PROFILE } from "./flags.mjs";

const BENCH = fileURLToPath(new URL("../bench/main.ts", import.meta.url));
/** What most of the traffic of a mesh is. */
const SCENARIOS = "plain,plain-1000,mtls,mtls-1000,h2,h2-single,grpc,tcp,tcp-mtls,handshake";

const folder = mkdtempSync(join(tmpdir(), "fairlead-profile-"));
try {
  const merger = findMerger();
  const [addon, counts] = [join(folder, "addon"), join(folder, "counts")];
  buildAddon(addon, [`-Cprofile-generate=${counts}`]);
  const file = readdirSync(addon).find((name) => name.endsWith(".node"));
  if (file === undefined) throw new Error(`no addon was built in ${addon}`);
  execFileSync(
    process.execPath,
    [BENCH, "--no-output", "--rounds", "1", "--seconds", "3", "--contenders", "fairlead", "--scenarios", SCENARIOS],
    {
      env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: join(addon, file) },
      stdio: "inherit",
    },
  );
  const counted = readdirSync(counts).map((name) => join(counts, name));
  // Sparse: without what never ran, which is nine tenths.
  execFileSync(merger, ["merge", "--sparse", "-o", PROFILE, ...counted], { stdio: "inherit" });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The tool that comes with the compiler in use; another LLVM's reads other formats. */
function findMerger(): string {
  const sysroot = execFileSync("rustc", ["--print", "sysroot"], { encoding: "utf8" }).trim();
  const host = /^host: (.+)$/m.exec(execFileSync("rustc", ["-vV"], { encoding: "utf8" }))?.[1] ?? "";
  const merger = join(sysroot, "lib/rustlib", host, "bin/llvm-profdata");
  if (!existsSync(merger)) throw new Error(`${merger} is missing: rustup component add llvm-tools`);
  return merger;
}
