/**
 * How the Rust compiler is called for the engine, wherever that is done: what is compiled with other flags is compiled again. Plain JavaScript, because
 * `bootstrap.mjs` runs on whatever Node there is.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ENGINE = join(dirname(fileURLToPath(import.meta.url)), "../../packages/dataplane-native");
export const PROFILE = join(ENGINE, "engine.profdata");

/** Between the arguments in `CARGO_ENCODED_RUSTFLAGS`. */
const SEPARATOR = "\u001F";

/** What has the compiler use the kept profile; undefined where it cannot read it: its format belongs to LLVM, and older ones refuse newer ones. */
export function profileFlags() {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-profile-"));
  try {
    const probe = ["-", "--crate-name=probe", "--crate-type=lib", `-Cprofile-use=${PROFILE}`, "--out-dir", folder];
    const isReadable = spawnSync("rustc", probe, { cwd: ENGINE, input: "", stdio: ["pipe", "ignore", "ignore"] }).status === 0;
    // What has changed since is to be expected; it costs nothing but the guidance.
    return isReadable ? [`-Cprofile-use=${PROFILE}`, "-Cllvm-args=-no-pgo-warn-mismatch"] : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An environment in which cargo gives the compiler these flags besides those that `environment` has for it. Encoded, because paths may have spaces. */
export function withFlags({ RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...environment }, flags) {
  const given = CARGO_ENCODED_RUSTFLAGS?.split(SEPARATOR) ?? RUSTFLAGS?.split(" ") ?? [];
  const all = [...given, ...flags].filter((flag) => flag !== "").join(SEPARATOR);
  return all === "" ? environment : { ...environment, CARGO_ENCODED_RUSTFLAGS: all };
}
