/** `1,234`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** `0`, `0.4`, `12`, `1,234`: rates per second, as precise as one reads them. */
export function formatRate(rate: number): string {
  if (rate === 0) return "0";
  return rate < 10 ? rate.toFixed(1) : formatCount(rate);
}

/** `100 %`, `99.9 %`, `0 %`; never rounds up to 100 nor down to 0. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  const shown = percent.toFixed(1);
  if (shown === "100.0") return "> 99.9 %";
  if (shown === "0.0") return "< 0.1 %";
  return `${shown.replace(/\.0$/, "")} %`;
}

/** Milliseconds as `0.4 ms`, `12 ms`, `1.2 s`; `-` for none. */
export function formatMs(durationMs: number | null): string {
  if (durationMs === null) return "-";
  if (durationMs < 10) return `${durationMs.toFixed(1)} ms`;
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`;
}

/** A time span for people: `45 s`, `12 min`, `3 h`, `5 d`. */
export function formatSpan(spanMs: number): string {
  const seconds = Math.round(spanMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** `1 proxy`, `2 proxies`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
