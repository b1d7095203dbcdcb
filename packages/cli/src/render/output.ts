import { Option } from "commander";
import { stringify } from "yaml";

export type OutputFormat = "table" | "json" | "yaml";

/** The option every command that shows something has. */
export function outputOption(flags = "-o, --output <format>"): Option {
  return new Option(flags, "how to print").choices(["table", "json", "yaml"]).default("table");
}

/** `value` in the format asked for; the table is only made when it is wanted. */
export function renderOutput(format: OutputFormat, value: unknown, table: () => string): string {
  switch (format) {
    case "json":
      return JSON.stringify(value, undefined, 2);
    case "yaml":
      return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
    case "table":
      return table();
    default:
      return format satisfies never;
  }
}
