import { VERSION } from "@fairlead/kit";
import type { Command } from "commander";
import { type CliContext, print } from "../context.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";

export function addVersion(program: Command, context: CliContext): void {
  program
    .command("version")
    .description("print the version of fairlead and of what it runs on")
    .addOption(outputOption())
    .action((options: { readonly output: OutputFormat }) => {
      const versions = { fairlead: VERSION, node: process.versions.node, platform: `${process.platform} ${process.arch}` };
      print(
        context,
        renderOutput(options.output, versions, () => `fairlead ${versions.fairlead} (node ${versions.node}, ${versions.platform})`),
      );
    });
}
