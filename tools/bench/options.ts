import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { SCENARIO_NAMES } from "./scenarios.ts";
import { CONTENDER_NAMES } from "./contenders/contender.ts";

export interface Options {
  readonly rounds: number;
  /** Length of one measurement, seconds. */
  readonly seconds: number;
  readonly scenarios: readonly string[];
  readonly contenders: readonly string[];
  /** Markdown report; undefined: none is written. */
  readonly output: string | undefined;
  /** Every single measurement as JSON. */
  readonly rawOutput: string | undefined;
  readonly loadCpu: number;
  readonly proxyCpu: number;
  /** For a first look: fewer of everything. */
  readonly quick: boolean;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [options]

Our proxy beside HAProxy, nginx, nghttpx and Envoy: the same work, in the same run, interleaved.

  --quick               3 rounds of 2 s, no report file unless --output is given
  --rounds N            rounds of every scenario (default 9)
  --seconds S           length of one measurement (default 5); bytes and 1,000 requests per second take three times as long
  --scenarios A,B       of ${SCENARIO_NAMES.join(", ")} (default all)
  --contenders A,B      of ${CONTENDER_NAMES.join(", ")} (default all)
  --output FILE         Markdown report (default docs/performance.md)
  --no-output           print only
  --raw FILE            every single measurement as JSON
  --load-cpu N          CPU of load generator, backend and control plane (default 0)
  --proxy-cpu N         CPU of the proxy that is measured (default 1)

Needs Linux with at least two CPUs, taskset, wrk and nginx. Peers that are not installed are named and left out; without h2load
the scenarios of HTTP/2 are skipped.`;

const DEFAULT_OUTPUT = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));

/** Reads the command line; throws with a sentence for the user where it is wrong. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      scenarios: { type: "string" },
      contenders: { type: "string" },
      output: { type: "string" },
      "no-output": { type: "boolean", default: false },
      raw: { type: "string" },
      "load-cpu": { type: "string", default: "0" },
      "proxy-cpu": { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  const output = values["no-output"] ? undefined : (values.output ?? (values.quick ? undefined : DEFAULT_OUTPUT));
  return {
    rounds: parseNumber("rounds", values.rounds ?? (values.quick ? "3" : "9"), 1),
    seconds: parseNumber("seconds", values.seconds ?? (values.quick ? "2" : "5"), 1),
    scenarios: parseNames("scenarios", values.scenarios, SCENARIO_NAMES),
    contenders: parseNames("contenders", values.contenders, CONTENDER_NAMES),
    output,
    rawOutput: values.raw,
    loadCpu: parseNumber("load-cpu", values["load-cpu"], 0),
    proxyCpu: parseNumber("proxy-cpu", values["proxy-cpu"], 0),
    quick: values.quick,
    help: values.help,
  };
}

function parseNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number of at least ${least}, got "${text}"`);
  return value;
}

function parseNames(name: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  const names = text.split(",").filter((part) => part !== "");
  const unknown = names.find((part) => !known.includes(part));
  if (unknown !== undefined || names.length === 0) throw new Error(`--${name}: "${unknown ?? ""}" is none of ${known.join(", ")}`);
  return names;
}
