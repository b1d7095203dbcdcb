import type { TapMessage, TapTrace } from "../clients/tap.ts";
import type { Style } from "./style.ts";

/** A recorded request for a person: a line that says what it was, then heads and bodies. */
export function renderTrace({ http_buffered_trace: { request, response } }: TapTrace, style: Style): string {
  const status = fieldOf(response, ":status");
  const outcome = status === undefined ? style.red("no response") : colored(status, style);
  const line = `${fieldOf(request, ":method") ?? ""} ${fieldOf(request, ":authority") ?? ""}${fieldOf(request, ":path") ?? ""}`;
  return [`${style.bold(line)} ${outcome}`, ...renderMessage(request, ">", style), ...renderMessage(response, "<", style), ""].join("\n");
}

function renderMessage({ headers, body, trailers }: TapMessage, mark: string, style: Style): readonly string[] {
  const toLine = ({ key, value, raw_value: raw }: TapMessage["headers"][number]): string =>
    `${style.dim(mark)} ${style.cyan(plain(key))}: ${plain(value ?? `(base64) ${raw ?? ""}`)}`;
  const text =
    body === undefined
      ? []
      : [...body.as_string.replace(/\n$/, "").split("\n").map(plain), ...(body.truncated ? [style.dim("(there is more)")] : [])];
  return [
    ...headers.filter(({ key }) => !key.startsWith(":")).map(toLine),
    ...text.map((line) => `${style.dim(mark)}   ${line}`),
    ...trailers.map(toLine),
  ];
}

function fieldOf({ headers }: TapMessage, name: string): string | undefined {
  const value = headers.find(({ key }) => key === name)?.value;
  return value === undefined ? undefined : plain(value);
}

function colored(status: string, style: Style): string {
  if (status.startsWith("5")) return style.red(status);
  return status.startsWith("4") ? style.yellow(status) : style.green(status);
}

/** Strangers have written it: nothing of it may move the cursor. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, "\u{fffd}");
}
