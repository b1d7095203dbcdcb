import type { ProxyCertificate, ProxyConfigDump } from "@fairlead/api";
import { Argument, type Command } from "commander";
import { CliError } from "../cli-error.ts";
import { createProxyAdminClient, findProxy } from "../clients/proxy-admin.ts";
import { type CliContext, meshOf, print, styleOf } from "../context.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";
import { CONFIG_SECTIONS, type ConfigSection, renderSection, sectionOf } from "../render/proxy-config.ts";
import { addStateOption } from "./filter-options.ts";

interface ConfigOptions {
  readonly output: OutputFormat;
  readonly state?: string;
}

export function addConfig(program: Command, context: CliContext): void {
  const command = program
    .command("config")
    .description("show what a proxy runs; private keys never leave it")
    .argument("<proxy>", "whose proxy: a workload, or the beginning of its name")
    .addArgument(new Argument("[section]", "which part").choices([...CONFIG_SECTIONS, "all"]).default("all"))
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Examples:
  fairlead config productpage             all of it, as tables
  fairlead config reviews-v1 routes       hosts, matches, where to, and from which file
  fairlead config productpage names       which addresses its application is told for which hosts
  fairlead config ingressgateway all -o yaml`,
    );
  addStateOption(command).action(async (proxyName: string, section: ConfigSection | "all", options: ConfigOptions) => {
    const proxy = findProxy(meshOf(context, options), proxyName);
    const client = createProxyAdminClient(proxy);
    if ((await client.ownServerInfo()) === undefined)
      throw new CliError(`the proxy of ${proxy.name} is a stock Envoy`, `ask it yourself: curl http://${proxy.adminAddress}/config_dump`);
    const [dump, { certificate }] = await Promise.all([client.configDump(), client.certificates()]);
    print(context, renderConfig({ dump, certificate, section, output: options.output }, context));
  });
}

function renderConfig(
  shown: {
    readonly dump: ProxyConfigDump;
    readonly certificate: ProxyCertificate | null;
    readonly section: ConfigSection | "all";
    readonly output: OutputFormat;
  },
  context: CliContext,
): string {
  const { dump, certificate, section, output } = shown;
  const style = styleOf(context);
  const value = section === "all" ? dump : sectionOf(dump.config, section);
  return renderOutput(output, value, () => {
    const sections = section === "all" ? CONFIG_SECTIONS : [section];
    const tables = sections.map((name) => {
      const table = renderSection(name, { config: dump.config, certificate }, style);
      return section === "all" ? `${style.bold(name)}\n${table}` : table;
    });
    return tables.join("\n\n");
  });
}
