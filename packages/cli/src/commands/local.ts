import { InvalidArgumentError, type Command } from "commander";
import type { CliContext } from "../context.ts";
import { runLocal } from "../local/run-local.ts";

interface LocalOptions {
  readonly state?: string;
  readonly load?: boolean | number;
  readonly envoy?: boolean | string;
}

const DEFAULT_RATE = 10;

export function addLocal(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command("local")
    .description("run a mesh on this machine: control plane, a proxy for every workload, and the applications")
    .argument("<folder>", "folder of YAML in Istio's kinds; every WorkloadEntry with a loopback address becomes processes")
    .option("--load [rate]", `send a little traffic through the gateway, requests per second (${DEFAULT_RATE} without a number)`, parseRate)
    .option("--envoy [path]", "run a stock Envoy in the place of every proxy (found by PATH without a path)")
    .option("--state <directory>", "where certificates, settings and logs are kept (or FAIRLEAD_STATE; default ~/.fairlead/local/<folder>)")
    .addHelpText(
      "after",
      `
Annotations of a WorkloadEntry:
  local.fairlead.dev/command   how to start the application; it gets HOST, PORT and HTTP_PROXY
  local.fairlead.dev/env       more variables for it, a JSON object
  local.fairlead.dev/proxy     sidecar (default), gateway or none

Examples:
  fairlead local samples/bookinfo/mesh --load
  fairlead local ./mesh --load 50 --state /tmp/mesh`,
    )
    .action(async (folder: string, options: LocalOptions) => {
      const ratePerSecond = options.load === true ? DEFAULT_RATE : typeof options.load === "number" ? options.load : undefined;
      const envoyPath = options.envoy === true ? "envoy" : options.envoy === false ? undefined : options.envoy;
      exit(await runLocal({ folder, state: options.state, ratePerSecond, envoyPath }, context));
    });
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!Number.isFinite(rate) || rate <= 0 || rate > 10_000)
    throw new InvalidArgumentError("must be a number of requests per second, up to 10000");
  return rate;
}
