import { Argument, type Command } from "commander";
import { type CliContext, print } from "../context.ts";

export function addCompletion(program: Command, context: CliContext): void {
  program
    .command("completion")
    .description("print a script that completes fairlead's commands and options in your shell")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
Examples:
  source <(fairlead completion bash)
  fairlead completion zsh > "\${fpath[1]}/_fairlead"
  fairlead completion fish > ~/.config/fish/completions/fairlead.fish`,
    )
    .action((shell: "bash" | "zsh" | "fish") => {
      const commands = program.commands.map(describeCommand);
      print(context, { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands));
    });
}

interface Described {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly long: string;
    readonly description: string;
    readonly takesValue: boolean;
    readonly choices: readonly string[];
  }[];
  /** What its first argument may be; empty where it may be anything. */
  readonly choices: readonly string[];
}

function describeCommand(command: Command): Described {
  return {
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap((option) =>
      option.long === undefined || option.long === null
        ? []
        : [
            {
              long: option.long,
              description: option.description,
              takesValue: option.required || option.optional,
              choices: option.argChoices ?? [],
            },
          ],
    ),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
}

function bashScript(commands: readonly Described[]): string {
  const cases = commands.map(
    ({ name, options, choices }) => `    ${name}) words="${[...choices, ...options.map(({ long }) => long), "--help"].join(" ")}" ;;`,
  );
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map((option) => `    ${name}:${option.long}) words="${option.choices.join(" ")}" ;;`),
  );
  return `_fairlead() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "\${COMP_WORDS[1]}:$previous" in
${values.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  case "$current" in -*) ;; *) COMPREPLY+=($(compgen -f -- "$current")) ;; esac
}
complete -o filenames -F _fairlead fairlead`;
}

function zshScript(commands: readonly Described[]): string {
  const list = commands.map(({ name, description }) => `    '${name}:${quoteForZsh(description)}'`);
  const cases = commands.map(({ name, options, choices }) => {
    const flags = options.map((option) => {
      const value = option.takesValue ? `:value:${option.choices.length === 0 ? "_files" : `(${option.choices.join(" ")})`}` : "";
      return `'${option.long}[${quoteForZsh(option.description)}]${value}'`;
    });
    const argument = choices.length === 0 ? "'*:file:_files'" : `'*:value:(${choices.join(" ")})'`;
    return `    ${name}) _arguments ${[...flags, argument].join(" ")} ;;`;
  });
  return `#compdef fairlead
_fairlead() {
  local -a commands=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
compdef _fairlead fairlead`;
}

function fishScript(commands: readonly Described[]): string {
  const lines = commands.flatMap(({ name, description, options, choices }) => [
    `complete -c fairlead -n __fish_use_subcommand -f -a ${name} -d ${quoteForFish(description)}`,
    ...(choices.length === 0
      ? []
      : [`complete -c fairlead -n '__fish_seen_subcommand_from ${name}' -f -a ${quoteForFish(choices.join(" "))}`]),
    ...options.map((option) => {
      const value = option.takesValue ? (option.choices.length === 0 ? " -r" : ` -x -a ${quoteForFish(option.choices.join(" "))}`) : "";
      return `complete -c fairlead -n '__fish_seen_subcommand_from ${name}' -l ${option.long.replace(/^--/, "")}${value} -d ${quoteForFish(option.description)}`;
    }),
  ]);
  return lines.join("\n");
}

function quoteForZsh(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(":", "\\:").replaceAll("[", "\\[").replaceAll("]", "\\]");
}

function quoteForFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
