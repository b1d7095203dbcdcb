import { createStyle, type Style, wantsColor } from "./style.ts";

/** Where a long-running command prints: lines that stay, and on a terminal one last line that is rewritten in place. */
export interface Screen {
  readonly style: Style;
  /** Whether there is a last line that can be rewritten. */
  readonly isLive: boolean;
  line(text?: string): void;
  /** Replaces the live line; without text removes it. Nothing happens where the output is no terminal. */
  status(text?: string): void;
}

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const ERASE_LINE = "\r\u001b[2K";

export function createScreen(stream: OutputStream, env: Readonly<Record<string, string | undefined>>): Screen {
  const style = createStyle(wantsColor(stream, env));
  const isLive = stream.isTTY === true && env["TERM"] !== "dumb";
  let status = "";
  const show = (): void => void (status !== "" && stream.write(truncate(status, (stream.columns ?? 80) - 1)));
  return {
    style,
    isLive,
    line(text = "") {
      stream.write(status === "" ? `${text}\n` : `${ERASE_LINE}${text}\n`);
      show();
    },
    status(text = "") {
      if (!isLive || text === status) return;
      if (status !== "") stream.write(ERASE_LINE);
      status = text;
      show();
    },
  };
}

/** Cuts a line to a width on screen; colour codes count nothing and are closed. */
function truncate(text: string, width: number): string {
  let visible = 0;
  let result = "";
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  for (const [part = ""] of text.matchAll(/\u001b\[[0-9;]*m|[^\u001b]/gu)) {
    if (part.startsWith("\u001b")) result += part;
    else if (visible < width) {
      result += part;
      visible += 1;
    }
  }
  return result;
}
