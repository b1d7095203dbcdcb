import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { createProxyAdminClient, findProxy } from "../clients/proxy-admin.ts";
import { type TapFilter, watchRequests } from "../clients/tap.ts";
import { type CliContext, meshOf, print, styleOf } from "../context.ts";
import { renderTrace } from "../render/trace.ts";
import { addStateOption } from "./filter-options.ts";

interface TapOptions {
  readonly method?: string;
  readonly path?: string;
  readonly header: TapFilter["headers"];
  readonly status?: readonly [number, number];
  readonly body: number;
  readonly count: number;
  readonly secrets?: boolean;
  readonly output: "text" | "json";
  readonly state?: string;
}

/** The most of a body that a proxy keeps for this. */
const MAX_BODY_BYTES = 1 << 20;

export function addTap(program: Command, context: CliContext): void {
  const command = program
    .command("tap")
    .description("show the requests of a proxy with their responses, as they end")
    .argument("<proxy>", "whose proxy: a workload, or the beginning of its name")
    .option("-X, --method <method>", "only these", (value: string) => value.toUpperCase())
    .option("-p, --path <prefix>", "only with a path that begins so")
    .addOption(
      new Option("-H, --header <header>", 'only with this header: "name" or "name: value"; may be repeated')
        .argParser((value: string, all: TapFilter["headers"] | undefined) => [...(all ?? []), parseHeader(value)])
        .default([], "none"),
    )
    .addOption(new Option("-s, --status <status>", "only with this status: 503, or 5xx").argParser(parseStatus))
    .addOption(new Option("-b, --body <bytes>", "show so much of each body").argParser(parseNumber(0, MAX_BODY_BYTES)).default(1024))
    .addOption(new Option("-n, --count <requests>", "end after so many").argParser(parseNumber(1, 2 ** 31)).default(Infinity, "never"))
    .option("--secrets", "show the values of authorization, proxy-authorization, cookie and set-cookie")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText(
      "after",
      `
Examples:
  fairlead tap reviews-v1                                  everything, until you press Ctrl-C
  fairlead tap productpage -p /productpage -s 5xx          what fails there
  fairlead tap ingressgateway -H 'end-user: jason' -n 1    one request of jason's`,
    );
  addStateOption(command).action(async (proxyName: string, options: TapOptions) => {
    const proxy = findProxy(meshOf(context, options), proxyName);
    if ((await createProxyAdminClient(proxy).ownServerInfo()) === undefined)
      throw new CliError(`the proxy of ${proxy.name} is a stock Envoy`, `ask it yourself: POST http://${proxy.adminAddress}/tap`);
    await showRequests(proxy, options, context);
  });
}

async function showRequests(proxy: Parameters<typeof watchRequests>[0], options: TapOptions, context: CliContext): Promise<void> {
  const { method, path, header, status, body, count, secrets = false, output } = options;
  const filter = {
    headers: header,
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(status === undefined ? {} : { status }),
  };
  const enough = new AbortController();
  const traces = watchRequests(proxy, { filter, shown: { bodyBytes: body, secrets }, signal: enough.signal });
  let shown = 0;
  for await (const trace of traces) {
    print(context, output === "json" ? JSON.stringify(trace) : renderTrace(trace, styleOf(context)));
    shown += 1;
    if (shown >= count) break;
  }
  if (shown < count && count !== Infinity) throw new CliError(`the proxy of ${proxy.name} ended after ${shown} requests`);
}

function parseHeader(text: string): TapFilter["headers"][number] {
  const [name = "", ...rest] = text.split(":");
  if (!/^[!#-'*+.^-`|~0-9A-Za-z-]+$/.test(name)) throw new InvalidArgumentError('write "name" or "name: value".');
  return rest.length === 0 ? { name } : { name, value: rest.join(":").trim() };
}

/** `503` or `5xx`, as a range. */
function parseStatus(text: string): readonly [number, number] {
  const [, digit, rest] = /^([1-5])(\d\d|xx)$/i.exec(text) ?? [];
  if (digit === undefined || rest === undefined) throw new InvalidArgumentError("write a status such as 503, or 5xx.");
  const first = Number(digit) * 100;
  return /^\d\d$/.test(rest) ? [first + Number(rest), first + Number(rest) + 1] : [first, first + 100];
}

function parseNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`write a number from ${least} to ${most}.`);
    return value;
  };
}
