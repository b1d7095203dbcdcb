import { readFile } from "node:fs/promises";
import type { ProxyDecision, ProxyExplainRequest, ProxyExplanation } from "@fairlead/api";
import { messageOf, type Origin } from "@fairlead/kit";
import { type Command, Option } from "commander";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { createProxyAdminClient, findProxy, type MeshProxy } from "../clients/proxy-admin.ts";
import { type CliContext, meshOf, print, styleOf } from "../context.ts";
import { type AskedRequest, parseAskedRequest } from "../explain-request.ts";
import type { MeshFile } from "../local/mesh-file.ts";
import { outputOption, type OutputFormat, renderOutput } from "../render/output.ts";
import type { Style } from "../render/style.ts";
import { addStateOption } from "./filter-options.ts";

interface ExplainOptions {
  readonly header: readonly string[];
  readonly request?: string;
  readonly data?: string;
  readonly inbound?: boolean;
  readonly from?: string;
  readonly output: OutputFormat;
  readonly state?: string;
  readonly config?: string;
}

export function addExplain(program: Command, context: CliContext): void {
  const command = program
    .command("explain")
    .description("say which way a request would take through a proxy, and which line of which file decided so")
    .argument("<proxy>", "whose proxy: a workload, or the beginning of its name; not with --config")
    .argument("[request...]", "method and URL, or a curl line")
    .option(
      "--config <file>",
      "a dump of a proxy's configuration instead of a running proxy: what `fairlead config <proxy> all -o json` printed",
    )
    .addOption(
      new Option("-H, --header <header>", '"name: value"; may be repeated')
        .argParser((value: string, all: readonly string[] | undefined) => [...(all ?? []), value])
        .default([], "none"),
    )
    .option("-X, --request <method>", "as curl's")
    .option("-d, --data <data>", "as curl's: makes it a POST")
    .option("--inbound", "the request arrives at the workload instead of leaving it")
    .option("--from <workload>", "with --inbound: who sends it (a workload, or a SPIFFE ID)")
    .allowUnknownOption()
    // Without its short form: curl means something else by -o.
    .addOption(outputOption("--output <format>"))
    .addHelpText(
      "after",
      `
Examples:
  fairlead explain productpage GET http://reviews:9080/reviews/0 -H 'end-user: jason'
  fairlead explain productpage curl -s http://details:9080/details/0
  fairlead explain ingressgateway http://127.0.0.1:8080/productpage
  fairlead explain --config dump.json GET http://reviews:9080/reviews/0
  fairlead explain ratings --inbound --from details GET http://ratings:9080/ratings/0`,
    );
  addStateOption(command).action(async (first: string, rest: readonly string[], options: ExplainOptions) => {
    const { config } = options;
    // With a dump there is no proxy to name: all words are the request.
    const asked = parseAskedRequest(config === undefined ? rest : [first, ...rest], options);
    if (!asked.ok) throw new CliError(asked.error, "for example: fairlead explain productpage GET http://reviews:9080/reviews/0");
    const { proxy, request, explanation } =
      config === undefined
        ? await explainRunning(asked.value, { mesh: meshOf(context, options), proxyName: first, options })
        : await explainFile(asked.value, config, options);
    print(
      context,
      renderOutput(options.output, { proxy: proxy.name, request, ...explanation }, () =>
        renderExplanation({ proxy, asked: asked.value, explanation }, styleOf(context)),
      ),
    );
  });
}

interface Explained {
  readonly proxy: Pick<MeshProxy, "name">;
  readonly request: ProxyExplainRequest;
  readonly explanation: ProxyExplanation;
}

async function explainRunning(
  asked: AskedRequest,
  where: { readonly mesh: MeshFile; readonly proxyName: string; readonly options: ExplainOptions },
): Promise<Explained> {
  const { mesh, proxyName, options } = where;
  const proxy = findProxy(mesh, proxyName);
  const principal = options.from === undefined ? undefined : await principalOf(mesh, options.from);
  const request = toExplainRequest(asked, { proxy, isInbound: options.inbound === true, principal });
  return { proxy, request, explanation: await createProxyAdminClient(proxy).explain(request) };
}

async function explainFile(asked: AskedRequest, path: string, options: ExplainOptions): Promise<Explained> {
  const { from, inbound } = options;
  if (from?.startsWith("spiffe://") === false)
    throw new CliError(`"${from}" is no SPIFFE ID`, "name the caller as spiffe://…: there is no mesh to ask");
  const dump = await readDump(path);
  const [address = ""] = dump.node.addresses;
  const proxy = { name: dump.node.name, type: dump.node.type, address };
  const request = toExplainRequest(asked, { proxy, isInbound: inbound === true, principal: from });
  // Loaded when needed: the native engine takes its time.
  const { explainDump } = await import("@fairlead/dataplane/explain");
  return { proxy, request, explanation: await explainDump(dump, request) };
}

const dumpSchema = z.looseObject({
  node: z.looseObject({ name: z.string(), type: z.enum(["sidecar", "gateway"]), addresses: z.array(z.string()) }),
  config: z.record(z.string(), z.unknown()),
});

async function readDump(path: string): Promise<z.output<typeof dumpSchema>> {
  const hint = "write one with: fairlead config <proxy> all -o json > dump.json";
  try {
    const dump = dumpSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (dump.success) return dump.data;
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${messageOf(error)}`, hint);
  }
  throw new CliError(`${path} is no dump of a proxy's configuration`, hint);
}

function toExplainRequest(
  asked: AskedRequest,
  where: {
    readonly proxy: Pick<MeshProxy, "type" | "address">;
    readonly isInbound: boolean;
    readonly principal: string | undefined;
  },
): ProxyExplainRequest {
  const { proxy, isInbound, principal } = where;
  const { url, method, headers } = asked;
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const host = headers.find(([name]) => name === "host")?.[1];
  const request = {
    method,
    authority: host ?? url.host,
    path: `${url.pathname}${url.search}`,
    headers: headers.filter(([name]) => name !== "host"),
  };
  if (isInbound) return { ...request, address: `${proxy.address}:${port}`, ...(principal === undefined ? {} : { principal }) };
  if (principal !== undefined) throw new CliError("--from says who sends a request that arrives", "add --inbound");
  return proxy.type === "gateway" ? { ...request, address: `${proxy.address}:${port}` } : { ...request, listener: "http_proxy" };
}

/** A SPIFFE ID as it is, a workload's name as its proxy knows it. */
async function principalOf(mesh: MeshFile, from: string): Promise<string> {
  if (from.startsWith("spiffe://")) return from;
  const { node } = await createProxyAdminClient(findProxy(mesh, from)).serverInfo();
  return node.principal;
}

export function renderExplanation(
  answer: { readonly proxy: Pick<MeshProxy, "name">; readonly asked: AskedRequest; readonly explanation: ProxyExplanation },
  style: Style,
): string {
  const { proxy, asked, explanation } = answer;
  const lines = [`${style.bold(`${asked.method} ${asked.url.href}`)} ${style.dim(`at the proxy of ${proxy.name}`)}`, ""];
  const width = Math.max(8, ...explanation.decisions.map(({ stage }) => titleOf(stage).length));
  for (const decision of explanation.decisions) {
    lines.push(`  ${style.cyan(titleOf(decision.stage).padEnd(width))}  ${withoutStage(decision)}`);
    for (const origin of originsOf(decision)) lines.push(`  ${" ".repeat(width)}  ${style.dim(`↳ ${describeShortly(origin)}`)}`);
  }
  const endpoints = explanation.endpoints ?? [];
  if (endpoints.length > 0) {
    const described = endpoints.map(
      ({ address, healthy, weight }) =>
        `${address}${weight === undefined || weight === 1 ? "" : ` (weight ${weight})`}${healthy === false ? style.red(" unhealthy") : ""}`,
    );
    lines.push("", `  ${style.cyan("ends at".padEnd(width))}  ${described.join(", ")}`);
  }
  return lines.join("\n");
}

/** The stage stands before the outcome already: `listener "x" serves …` needs it no second time. */
function withoutStage({ stage, outcome }: ProxyDecision): string {
  const title = `${titleOf(stage)} `;
  return outcome.startsWith(title) ? outcome.slice(title.length) : outcome;
}

/** `virtualHost` → `virtual host`. */
function titleOf(stage: string): string {
  return stage.replace(/([A-Z])/g, " $1").toLowerCase();
}

function originsOf({ origin }: ProxyDecision): readonly Origin[] {
  if (origin === undefined || origin === null) return [];
  return "kind" in origin ? [origin] : origin;
}

/** `routing.yaml:24  VirtualService default/reviews spec.http[1]`. */
export function describeShortly(origin: Origin): string {
  const where = origin.file === undefined ? "" : `${origin.file}${origin.line === undefined ? "" : `:${origin.line}`}  `;
  return `${where}${origin.kind} ${origin.namespace}/${origin.name}${origin.path === undefined ? "" : ` ${origin.path}`}`;
}
