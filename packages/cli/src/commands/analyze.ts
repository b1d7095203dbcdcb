import { join, relative, resolve } from "node:path";
import type { Problem } from "@fairlead/kit";
import { analyzeFiles } from "@fairlead/pilot/offline";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { type CliContext, print, styleOf } from "../context.ts";
import { readYamlFiles } from "../local/read-folder.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";
import type { Style } from "../render/style.ts";
import { plural } from "../render/units.ts";

interface AnalyzeOptions {
  readonly output: OutputFormat;
  readonly failOn: "error" | "warning" | "never";
}

export function addAnalyze(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command("analyze")
    .description("find mistakes in a folder of YAML without running anything; exits with 1 where there are errors")
    .argument("<folder>", "folder of YAML in Istio's kinds")
    .addOption(outputOption())
    .addOption(new Option("--fail-on <severity>", "which problems make it fail").choices(["error", "warning", "never"]).default("error"))
    .addHelpText(
      "after",
      `
Examples:
  fairlead analyze samples/bookinfo/mesh
  fairlead analyze ./mesh --output json | jq '.problems[].message'`,
    )
    .action(async (folder: string, options: AnalyzeOptions) => {
      const { texts: files, problems: unreadable } = await readYamlFiles(resolve(folder));
      const count = Object.keys(files).length;
      if (count === 0 && unreadable.length === 0)
        throw new CliError(`${folder} has no .yaml or .yml file`, "name the folder that the mesh's configuration is in");
      const problems = [...unreadable, ...analyzeFiles(files).problems];
      const base = relative(process.cwd(), resolve(folder));
      print(
        context,
        renderOutput(options.output, { folder: resolve(folder), files: count, problems }, () =>
          renderAnalysis({ problems, files, base }, styleOf(context)),
        ),
      );
      const failing = problems.filter(({ severity }) => severity === "error" || (severity === "warning" && options.failOn === "warning"));
      if (options.failOn !== "never" && failing.length > 0) exit(1);
    });
}

export function renderAnalysis(
  analysis: {
    readonly problems: readonly Problem[];
    /** Texts by name, to show the line that is meant. */
    readonly files: Readonly<Record<string, string>>;
    /** Path of the folder as the reader can open it. */
    readonly base: string;
  },
  style: Style,
): string {
  const { problems, files } = analysis;
  const blocks = problems.map((problem) => renderOne(problem, analysis, style));
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.filter(({ severity }) => severity === "warning").length;
  const verdict =
    errors > 0
      ? style.red(`✗ ${plural(errors, "error")}`) + (warnings > 0 ? `, ${plural(warnings, "warning")}` : "")
      : warnings > 0
        ? style.yellow(`! ${plural(warnings, "warning")}`)
        : style.green("✓ no problem");
  return [...blocks, `${verdict} in ${plural(Object.keys(files).length, "file")}`].join("\n\n");
}

/** `mesh/routing.yaml:12` first, so that a terminal makes a link of it; then the line as it is written. */
function renderOne(
  problem: Problem,
  where: { readonly files: Readonly<Record<string, string>>; readonly base: string },
  style: Style,
): string {
  const { origin, severity, message, hint, code } = problem;
  const mark = { error: style.red("error"), warning: style.yellow("warning"), info: style.cyan("info") }[severity];
  const path = origin.file === undefined ? "" : join(where.base, origin.file);
  const place = path === "" ? "" : `${style.bold(`${path}${origin.line === undefined ? "" : `:${origin.line}`}`)} `;
  const object =
    origin.kind === "File" ? "" : `${origin.kind} ${origin.namespace}/${origin.name}${origin.path === undefined ? "" : ` ${origin.path}`}`;
  const text =
    origin.file === undefined || origin.line === undefined ? undefined : where.files[origin.file]?.split(/\r?\n/)[origin.line - 1];
  return [
    `${place}${mark} ${message} ${style.dim(`[${code}]`)}`,
    ...(text === undefined ? [] : [`  ${style.dim(`${origin.line} |`)} ${text.slice(0, MAX_SHOWN)}`]),
    ...(object === "" ? [] : [`  ${style.dim(object)}`]),
    ...(hint === undefined ? [] : [`  ${style.cyan("→")} ${hint}`]),
  ].join("\n");
}

const MAX_SHOWN = 160;
