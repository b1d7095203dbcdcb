/** What counters had counted when an operator reset them (`POST /reset_counters`): the engine's own only ever grow. */
export interface CounterBaseline {
  /** Takes what the text (Prometheus' format) says as nothing from now on. */
  reset(text: string): void;
  /** The text with what was counted since. */
  since(text: string): string;
}

/** A baseline of nothing. */
export function createCounterBaseline(): CounterBaseline {
  let baseline: ReadonlyMap<string, number> = new Map();
  return {
    reset: (text) => {
      baseline = new Map(samplesOf(text).flatMap(({ series, value, counts }) => (counts ? [[series, value]] : [])));
    },
    since: (text) => {
      if (baseline.size === 0) return text;
      return samplesOf(text)
        .map(({ line, series, value, counts }) => {
          const before = counts ? baseline.get(series) : undefined;
          // A series that began anew has counted less than it had then.
          return before === undefined || before > value ? line : `${series} ${value - before}`;
        })
        .join("\n");
    },
  };
}

interface Line {
  readonly line: string;
  /** Name and labels; empty for a comment. */
  readonly series: string;
  readonly value: number;
  /** Belongs to a counter, a histogram or a summary. */
  readonly counts: boolean;
}

function samplesOf(text: string): readonly Line[] {
  let counts = false;
  return text.split("\n").map((line) => {
    if (line.startsWith("# TYPE ")) counts = !line.endsWith(" gauge");
    const end = line.lastIndexOf(" ");
    const value = Number(line.slice(end + 1));
    if (line.startsWith("#") || end < 0 || Number.isNaN(value)) return { line, series: "", value: 0, counts: false };
    return { line, series: line.slice(0, end), value, counts };
  });
}
