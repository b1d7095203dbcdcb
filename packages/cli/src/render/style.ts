import picocolors from "picocolors";

/** Colours and marks; all of them plain text where the output is no terminal or NO_COLOR is set. */
export interface Style {
  readonly isColored: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function createStyle(isColored: boolean): Style {
  const colors = picocolors.createColors(isColored);
  const { bold, dim, red, green, yellow, cyan } = colors;
  return { isColored, bold, dim, red, green, yellow, cyan };
}

/** Whether to colour what goes to `stream` (https://no-color.org; FORCE_COLOR as Node itself understands it). */
export function wantsColor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0") return true;
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** Length on screen: without colour codes. */
export function visibleLength(text: string): number {
  return stripColor(text).length;
}

export function stripColor(text: string): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visibleLength(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - visibleLength(text))) + text;
}
