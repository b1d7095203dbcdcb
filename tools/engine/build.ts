/**
 * Builds the addon into `packages/dataplane-native/dist`, guided by the kept profile (`engine.profdata`) of where it spends its time: hot code lies together
 * and is inlined, cold code is small. What it was worth is in `docs/performance.md`.
 *
 * A compiler that cannot read the profile (an older LLVM) builds without it; a function that has changed since the profile was taken is built as if there were none.
 */
import { execFileSync } from "node:child_process";
import { ENGINE, profileFlags, withFlags } from "./flags.mjs";

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

if (import.meta.main) {
  const flags = profileFlags();
  if (flags === undefined)
    console.log(
      "this Rust compiler cannot read engine.profdata: the engine is built without it, and is up to a fifth slower (`rustup update stable`)",
    );
  buildAddon("dist", flags ?? []);
}

/** Builds the addon into `directory` (below the engine's folder, or absolute) with more arguments for the compiler than the caller's environment has. */
export function buildAddon(directory: string, compilerArguments: readonly string[]): void {
  execFileSync("npx", ["--no", "napi", ...NAPI, "--output-dir", directory], {
    cwd: ENGINE,
    env: withFlags(process.env, compilerArguments),
    stdio: "inherit",
  });
}
