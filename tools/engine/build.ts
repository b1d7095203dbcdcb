/**
 * Builds the addon into `packages/dataplane-native/dist`, guided by the kept profile (`engine.profdata`) of where it spends its time: hot code lies together
 * and is inlined, cold code is small. What it was worth is in `docs/performance.md`.
 *
 * A compiler that cannot read the profile (an older LLVM) builds without it; a function that has changed since the profile was taken is built as if there were none.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ENGINE = fileURLToPath(new URL("../../packages/dataplane-native", import.meta.url));
export const PROFILE = join(ENGINE, "engine.profdata");
const NAPI = [
  "build",
  "--release",
  "--platform",
  "--manifest-path",
  "crates/binding/Cargo.toml",
  "--js",
  "index.js",
  "--dts",
  "index.d.ts",
];

/** Between the arguments in `CARGO_ENCODED_RUSTFLAGS`. */
const SEPARATOR = "\u001F";

if (import.meta.main) {
  const isUsed = isReadable(PROFILE);
  if (!isUsed)
    console.log(
      "this Rust compiler cannot read engine.profdata: the engine is built without it, and is up to a fifth slower (`rustup update stable`)",
    );
  // What has changed is to be expected; it costs nothing but the guidance.
  buildAddon("dist", isUsed ? [`-Cprofile-use=${PROFILE}`, "-Cllvm-args=-no-pgo-warn-mismatch"] : []);
}

/** Builds the addon into `directory` (below the engine's folder, or absolute) with more arguments for the compiler than the caller's environment has. */
export function buildAddon(directory: string, compilerArguments: readonly string[]): void {
  const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...environment } = process.env;
  const given = CARGO_ENCODED_RUSTFLAGS?.split(SEPARATOR) ?? RUSTFLAGS?.split(" ") ?? [];
  // Encoded, because paths may have spaces.
  const flags = [...given, ...compilerArguments].filter((flag) => flag !== "").join(SEPARATOR);
  execFileSync("npx", ["--no", "napi", ...NAPI, "--output-dir", directory], {
    cwd: ENGINE,
    env: { ...environment, ...(flags === "" ? {} : { CARGO_ENCODED_RUSTFLAGS: flags }) },
    stdio: "inherit",
  });
}

/** True where the Rust compiler in use reads the profile: its format belongs to LLVM, and older ones refuse newer ones. */
function isReadable(profile: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-profile-"));
  try {
    const probe = ["-", "--crate-name=probe", "--crate-type=lib", `-Cprofile-use=${profile}`, "--out-dir", folder];
    return spawnSync("rustc", probe, { cwd: ENGINE, input: "", stdio: ["pipe", "ignore", "ignore"] }).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
