import type { ProxyStat } from "@fairlead/api";

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? +(\S+)(?: +-?\d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/g;

/** Reads the text format (Prometheus, "Exposition formats"); comments and what is not a sample are left out. */
export function parseStats(text: string): readonly ProxyStat[] {
  return text.split("\n").flatMap((line) => {
    const match = SAMPLE.exec(line);
    if (line.startsWith("#") || match === null) return [];
    const [, name = "", labels = "", value = ""] = match;
    return [{ name, labels: parseLabels(labels), value: parseValue(value) }];
  });
}

/** A metric of our own in the same format. */
export function formatMetric(metric: {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}): string {
  const samples = metric.samples.map(({ labels = {}, value }) => {
    const list = Object.entries(labels).map(
      ([key, text]) => `${key}="${text.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`))}"`,
    );
    return `${metric.name}${list.length === 0 ? "" : `{${list.join(",")}}`} ${value}\n`;
  });
  return `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${metric.type}\n${samples.join("")}`;
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, key = "", value = ""]) => [key, unescape(value)]));
}

function unescape(value: string): string {
  return value.replace(/\\(.)/g, (_whole, char: string) => (char === "n" ? "\n" : char));
}

function parseValue(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
