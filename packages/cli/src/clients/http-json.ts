import { request } from "undici";
import { codeOf, messageOf } from "@fairlead/kit";
import { CliError } from "../cli-error.ts";

/** Where to ask and how the message calls what was asked. */
export interface JsonRequest {
  /** `host:port`. */
  readonly address: string;
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  /** `pilot`, `proxy of reviews-v1`. */
  readonly who: string;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 << 20;

/** Asks one of the mesh's HTTP APIs; what is wrong becomes a message that says what to do. */
export async function requestJson(options: JsonRequest): Promise<unknown> {
  const { address, path, who, body } = options;
  let status: number;
  let text: string;
  try {
    const answer = await request(`http://${address}${path}`, {
      method: options.method ?? "GET",
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    status = answer.statusCode;
    text = await readText(answer.body);
  } catch (error) {
    throw new CliError(
      `${who} at ${address} does not answer: ${codeOf(error) ?? messageOf(error)}`,
      "see whether it runs: fairlead status",
    );
  }
  if (status < 200 || status > 299) throw new CliError(`${who} refused ${path}: ${errorIn(text) ?? `HTTP ${status}`}`);
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new CliError(`${who} at ${address} answered ${path} with something that is not JSON`);
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`answer larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The message of an error body, `{error: "…"}` or `{error: {message: "…"}}`. */
export function errorIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const error = "error" in value ? value.error : undefined;
    if (typeof error === "string") return "message" in value && typeof value.message === "string" ? value.message : error;
    return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
      ? error.message
      : undefined;
  } catch {
    return undefined;
  }
}

/** `?a=1&b=2`, leaving out what is undefined; empty for nothing. */
export function toQuery(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
