import type { Clock } from "@fairlead/kit";
import { findMesh, type MeshFile } from "./local/mesh-file.ts";
import type { OutputStream } from "./render/screen.ts";
import { createStyle, type Style, wantsColor } from "./render/style.ts";

/** What a command may use of the world; tests give their own. */
export interface CliContext {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
}

/** Prints a command's result. */
export function print(context: CliContext, text: string): void {
  context.stdout.write(`${text}\n`);
}

export function styleOf(context: CliContext): Style {
  return createStyle(wantsColor(context.stdout, context.env));
}

/** The running mesh that a command asks. */
export function meshOf(context: CliContext, options: { readonly state?: string }): MeshFile {
  return findMesh(options.state, context.env);
}
