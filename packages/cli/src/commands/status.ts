import type { Command } from "commander";
import { type CliContext, meshOf, print, styleOf } from "../context.ts";
import { gatherStatus, isWell } from "../mesh-status.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";
import { renderStatus } from "../render/status.ts";
import { addStateOption } from "./filter-options.ts";

interface StatusOptions {
  readonly output: OutputFormat;
  readonly state?: string;
}

export function addStatus(program: Command, context: CliContext, exit: (code: number) => void): void {
  const command = program
    .command("status")
    .description("show whether everything runs, is connected and serves the newest configuration; exits with 1 where not")
    .addOption(outputOption());
  addStateOption(command).action(async (options: StatusOptions) => {
    const status = await gatherStatus(meshOf(context, options));
    print(
      context,
      renderOutput(options.output, status, () => renderStatus(status, { style: styleOf(context), nowMs: context.clock.now() })),
    );
    if (!isWell(status)) exit(1);
  });
}
