import { messageOf, VERSION } from "@fairlead/kit";
import { Command, CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { addAnalyze } from "./commands/analyze.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConfig } from "./commands/config.ts";
import { addExplain } from "./commands/explain.ts";
import { addLocal } from "./commands/local.ts";
import { addMetrics } from "./commands/metrics.ts";
import { addStatus } from "./commands/status.ts";
import { addTap } from "./commands/tap.ts";
import { addTopology } from "./commands/topology.ts";
import { addVersion } from "./commands/version.ts";
import type { CliContext } from "./context.ts";
import { createStyle, wantsColor } from "./render/style.ts";

/** Runs one command line; answers the exit status: 0, 1 for a failure, 2 for a command line that is not understood. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let status = 0;
  const program = createProgram(context, (code) => {
    status = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error, context);
  }
}

/** The whole command line; `exit` is how a command says that it failed without an error. */
export function createProgram(context: CliContext, exit: (code: number) => void): Command {
  const program = new Command("fairlead")
    .description("A service mesh on this machine: run it, look into it, ask it why.")
    .version(VERSION, "-V, --version", "print the version")
    .exitOverride()
    .showHelpAfterError("(fairlead --help lists what there is)")
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHasColors: () => wantsColor(context.stdout, context.env),
      getErrHasColors: () => wantsColor(context.stderr, context.env),
    })
    .configureHelp({ sortSubcommands: false, styleTitle: (text) => createStyle(wantsColor(context.stdout, context.env)).bold(text) })
    .addHelpText("after", EXAMPLES);
  // Subcommands inherit how output and errors are treated only when they are added after that is configured.
  for (const add of [addLocal, addAnalyze, addStatus, addConfig, addExplain, addMetrics, addTap, addTopology, addVersion, addCompletion])
    add(program, context, exit);
  return program;
}

const EXAMPLES = `
Examples:
  fairlead local samples/bookinfo/mesh --load     run a mesh on this machine
  fairlead analyze samples/bookinfo/mesh          find mistakes before they serve
  fairlead status                                 is everything connected and up to date?
  fairlead explain productpage GET http://reviews:9080/reviews/0`;

function report(error: unknown, context: CliContext): number {
  const style = createStyle(wantsColor(context.stderr, context.env));
  if (error instanceof CliError) {
    context.stderr.write(`${style.red("error:")} ${error.message}\n`);
    if (error.hint !== undefined) context.stderr.write(`${style.dim("→")} ${error.hint}\n`);
  } else {
    context.stderr.write(`${style.red("error:")} ${messageOf(error)}\n`);
    if (context.env["FAIRLEAD_DEBUG"] !== undefined && error instanceof Error) context.stderr.write(`${error.stack}\n`);
  }
  return 1;
}
