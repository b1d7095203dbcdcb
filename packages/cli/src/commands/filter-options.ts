import type { Command } from "commander";

/** What the commands that read telemetry have in common. */
export interface FilterOptions {
  readonly state?: string;
  readonly window: string;
  readonly namespace?: string;
}

export function addStateOption(command: Command): Command {
  return command.option("--state <directory>", "state directory of the mesh, where more than one runs (or FAIRLEAD_STATE)");
}

export function addFilterOptions(command: Command): Command {
  return addStateOption(command)
    .option("-w, --window <duration>", "how far to look back, such as 30s, 5m or 1h", "5m")
    .option("-n, --namespace <name>", "only what touches this namespace");
}
