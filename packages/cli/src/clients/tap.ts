import { codeOf, messageOf } from "@fairlead/kit";
import { request } from "undici";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { errorIn } from "./http-json.ts";

/** Which requests of a proxy to show; all of it has to be so. */
export interface TapFilter {
  readonly method?: string;
  /** Beginning of the path. */
  readonly path?: string;
  /** Of the request; without a value the header only has to be there. */
  readonly headers: readonly { readonly name: string; readonly value?: string }[];
  /** From the first status up to, not including, the second. */
  readonly status?: readonly [number, number];
}

/** What is shown of them. */
export interface TapShown {
  /** Of each body. */
  readonly bodyBytes: number;
  /** With the values of `authorization`, cookies and the like. */
  readonly secrets: boolean;
}

const fieldSchema = z.object({ key: z.string(), value: z.string().optional(), raw_value: z.string().optional() });
const messageSchema = z.object({
  headers: z.array(fieldSchema),
  body: z.object({ as_string: z.string(), truncated: z.boolean() }).optional(),
  trailers: z.array(fieldSchema),
});
const traceSchema = z.object({ http_buffered_trace: z.object({ request: messageSchema, response: messageSchema }) });

export type TapMessage = z.output<typeof messageSchema>;
export type TapTrace = z.output<typeof traceSchema>;

/** Longest line that a proxy can send: two bodies of 1 MiB, escaped, and heads. */
const MAX_LINE_CHARACTERS = 64 << 20;

/** Requests of a proxy as they end, until `signal` says that it is enough. */
export async function* watchRequests(
  proxy: { readonly name: string; readonly adminAddress: string },
  asked: { readonly filter: TapFilter; readonly shown: TapShown; readonly signal: AbortSignal },
): AsyncGenerator<TapTrace> {
  const who = `the proxy of ${proxy.name}`;
  let body: AsyncIterable<Uint8Array>;
  try {
    const answer = await request(`http://${proxy.adminAddress}/tap${asked.shown.secrets ? "?secrets=shown" : ""}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(toTapRequest(asked.filter, asked.shown)),
      bodyTimeout: 0,
      signal: asked.signal,
    });
    if (answer.statusCode !== 200) {
      const text = await answer.body.text();
      throw new CliError(`${who} refused to show its requests: ${errorIn(text) ?? `HTTP ${answer.statusCode}`}`);
    }
    body = answer.body;
  } catch (error) {
    if (error instanceof CliError || asked.signal.aborted) throw error;
    throw new CliError(
      `${who} at ${proxy.adminAddress} does not answer: ${codeOf(error) ?? messageOf(error)}`,
      "see whether it runs: fairlead status",
    );
  }
  for await (const line of linesOf(body)) yield traceSchema.parse(JSON.parse(line));
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_CHARACTERS) throw new CliError("the proxy answered with a line that does not end");
    yield* lines;
  }
}

/** `envoy.admin.v3.TapRequest` as JSON. */
export function toTapRequest({ method, path, headers, status }: TapFilter, { bodyBytes }: TapShown): unknown {
  const ofRequest = [
    ...(method === undefined ? [] : [{ name: ":method", string_match: { exact: method } }]),
    ...(path === undefined ? [] : [{ name: ":path", string_match: { prefix: path } }]),
    ...headers.map(({ name, value }) => ({
      name,
      ...(value === undefined ? { present_match: true } : { string_match: { exact: value } }),
    })),
  ];
  const rules = [
    ...(ofRequest.length === 0 ? [] : [{ http_request_headers_match: { headers: ofRequest } }]),
    ...(status === undefined
      ? []
      : [{ http_response_headers_match: { headers: [{ name: ":status", range_match: { start: status[0], end: status[1] } }] } }]),
  ];
  const [only = { any_match: true }, ...more] = rules;
  return {
    config_id: "fairlead",
    tap_config: {
      match: more.length === 0 ? only : { and_match: { rules } },
      output_config: {
        sinks: [{ format: "JSON_BODY_AS_STRING", streaming_admin: {} }],
        max_buffered_rx_bytes: bodyBytes,
        max_buffered_tx_bytes: bodyBytes,
      },
    },
  };
}
