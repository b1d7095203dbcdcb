import type { RequestsAnswer } from "@fairlead/api";
import type { Command } from "commander";
import { createMixerClient } from "../clients/mixer.ts";
import { type CliContext, meshOf, print, styleOf } from "../context.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";
import type { Style } from "../render/style.ts";
import { type Column, renderTable } from "../render/table.ts";
import { formatCount, formatMs, formatRate, formatShare } from "../render/units.ts";
import { addFilterOptions, type FilterOptions } from "./filter-options.ts";

interface MetricsOptions extends FilterOptions {
  readonly output: OutputFormat;
  readonly source?: string;
  readonly destination?: string;
  readonly code?: string;
  readonly groupBy: string;
}

const DEFAULT_GROUPS = "sourceWorkload,destinationWorkload,destinationVersion";

export function addMetrics(program: Command, context: CliContext): void {
  const command = program
    .command("metrics")
    .description("show request rates, errors and latencies, as Mixer has them from the proxies")
    .option("--source <workload>", "only requests from this workload or service")
    .option("--destination <workload>", "only requests to this workload, service or host")
    .option("--code <codes>", "only these status codes, such as 503 or 5xx")
    .option("-g, --group-by <labels>", "one row for each combination of these labels", DEFAULT_GROUPS)
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Examples:
  fairlead metrics                                    everything of the last five minutes
  fairlead metrics --destination reviews -w 1m        how reviews does
  fairlead metrics -g destinationWorkload,code,flags  what went wrong where`,
    );
  addFilterOptions(command).action(async (options: MetricsOptions) => {
    const { window, namespace, source, destination, code, groupBy } = options;
    const answer = await createMixerClient(meshOf(context, options).mixer.queryAddress).requests({
      window,
      groupBy,
      ...(namespace === undefined ? {} : { namespace }),
      ...(source === undefined ? {} : { source }),
      ...(destination === undefined ? {} : { destination }),
      ...(code === undefined ? {} : { code }),
    });
    print(
      context,
      renderOutput(options.output, answer, () => renderMetrics(answer, groupBy, styleOf(context))),
    );
  });
}

type Row = RequestsAnswer["rows"][number];

export function renderMetrics(answer: RequestsAnswer, groupBy: string, style: Style): string {
  if (answer.rows.length === 0) return `no requests in the last ${answer.range.seconds} s`;
  const labels = groupBy.split(",").map((label) => label.trim());
  const columns: readonly Column<Row>[] = [
    ...labels.map((label) => ({ title: titleOf(label), value: (row: Row) => new Map(Object.entries(row.labels)).get(label) ?? "" })),
    { title: "requests", align: "right", value: (row) => formatCount(row.count) },
    { title: "/s", align: "right", value: (row) => formatRate(row.rate) },
    { title: "errors", align: "right", value: (row) => (row.errors === 0 ? "0 %" : style.red(formatShare(row.errorRate))) },
    { title: "p50", align: "right", value: (row) => formatMs(row.latencyMs.p50) },
    { title: "p90", align: "right", value: (row) => formatMs(row.latencyMs.p90) },
    { title: "p99", align: "right", value: (row) => formatMs(row.latencyMs.p99) },
    { title: "mtls", align: "right", value: (row) => (row.mtlsShare === null ? "-" : formatShare(row.mtlsShare)) },
  ];
  return renderTable(columns, answer.rows, style);
}

const TITLES: Readonly<Record<string, string>> = {
  sourceWorkload: "from",
  destinationWorkload: "to",
  destinationVersion: "version",
  sourceService: "from",
  destinationService: "to",
};

function titleOf(label: string): string {
  return TITLES[label] ?? label.replace(/([A-Z])/g, " $1").toLowerCase();
}
