import type { TopologyAnswer, TopologyEdge, TopologyNode } from "@fairlead/api";
import { type Command, Option } from "commander";
import { createMixerClient } from "../clients/mixer.ts";
import { type CliContext, meshOf, print, styleOf } from "../context.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";
import { padEnd, type Style, visibleLength } from "../render/style.ts";
import { formatMs, formatRate, formatShare } from "../render/units.ts";
import { addFilterOptions, type FilterOptions } from "./filter-options.ts";

interface TopologyOptions extends FilterOptions {
  readonly output: OutputFormat;
  readonly level: "workload" | "service";
}

export function addTopology(program: Command, context: CliContext): void {
  const command = program
    .command("topology")
    .description("show who calls whom, how often and how well")
    .addOption(new Option("--level <level>", "what a node is").choices(["workload", "service"]).default("workload"))
    .addOption(outputOption());
  addFilterOptions(command).action(async (options: TopologyOptions) => {
    const { window, namespace, level } = options;
    const client = createMixerClient(meshOf(context, options).mixer.queryAddress);
    const answer = await client.topology({ window, level, ...(namespace === undefined ? {} : { namespace }) });
    print(
      context,
      renderOutput(options.output, answer, () => renderTopology(answer, styleOf(context))),
    );
  });
}

/** A tree from those whom nobody calls; what was shown before is not shown again. */
export function renderTopology(answer: TopologyAnswer, style: Style): string {
  if (answer.edges.length === 0) return `no traffic in the last ${answer.range.seconds} s`;
  const nodes = new Map(answer.nodes.map((node) => [node.id, node]));
  const called = new Set(answer.edges.map((edge) => edge.target));
  const roots = [...answer.nodes.filter((node) => !called.has(node.id)), ...answer.nodes.filter((node) => called.has(node.id))];
  const lines: { readonly tree: string; readonly numbers: string }[] = [];
  const shown = new Set<string>();
  const show = (node: TopologyNode, edge: TopologyEdge | undefined, branch: { readonly head: string; readonly tail: string }): void => {
    const isNew = !shown.has(node.id);
    shown.add(node.id);
    const edges = answer.edges.filter(({ source }) => source === node.id).toSorted((a, b) => b.rate - a.rate);
    const more = isNew || edges.length === 0 ? "" : style.dim(" …");
    lines.push({
      tree: `${branch.head}${label(node, edge !== undefined, style)}${more}`,
      numbers: edge === undefined ? "" : describeEdge(edge, style),
    });
    if (!isNew) return;
    edges.forEach((next, index) => {
      const target = nodes.get(next.target);
      const isLast = index === edges.length - 1;
      if (target !== undefined)
        show(target, next, { head: `${branch.tail}${isLast ? "└─ " : "├─ "}`, tail: `${branch.tail}${isLast ? "   " : "│  "}` });
    });
  };
  for (const root of roots)
    if (!shown.has(root.id) && answer.edges.some(({ source }) => source === root.id)) show(root, undefined, { head: "", tail: "" });
  const width = Math.max(...lines.map(({ tree }) => visibleLength(tree)));
  return lines.map(({ tree, numbers }) => `${padEnd(tree, width)}  ${numbers}`.trimEnd()).join("\n");
}

function label(node: TopologyNode, isCalled: boolean, style: Style): string {
  return node.kind === "workload" || node.kind === "service"
    ? style.bold(node.name)
    : style.dim(node.kind === "unknown" ? (isCalled ? "(no workload answered)" : "(outside the mesh)") : node.name);
}

function describeEdge(edge: TopologyEdge, style: Style): string {
  const errors = edge.errors === 0 ? style.dim("no errors") : style.red(`${formatShare(edge.errorRate)} errors`);
  const security =
    edge.mtlsShare === null ? "" : edge.mtlsShare === 1 ? style.green("mTLS") : style.yellow(`${formatShare(edge.mtlsShare)} mTLS`);
  return [`${formatRate(edge.rate)}/s`, errors, `p50 ${formatMs(edge.latencyMs.p50)}`, `p99 ${formatMs(edge.latencyMs.p99)}`, security]
    .filter((part) => part !== "")
    .join("  ");
}
