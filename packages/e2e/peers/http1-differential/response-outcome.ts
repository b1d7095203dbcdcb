import { talk } from "./client.ts";
import { toReadable, type WireCase } from "./corpus.ts";
import type { RunningLane, RunningProxy } from "./proxies.ts";
import { LENIENT, type Message, type Reader, readResponses, STRICT } from "./readers.ts";
import { OK } from "./recording-upstream.ts";

/** What a client got through a proxy from an upstream that answers with the bytes of a case. */
export interface ResponseOutcome {
  readonly method: string;
  readonly text: string;
  readonly isClosed: boolean;
  /** Status of the final response; undefined where none came. */
  readonly status: number | undefined;
  /** Its content, where it is whole. */
  readonly body: string;
  /** Statuses of whole interim responses before it. */
  readonly interim: readonly number[];
  /** What comes behind the messages in a strict reading. */
  readonly rest: "nothing" | "incomplete" | "refused";
  /** What the next client was answered, on the connection that the proxy chose. */
  readonly next: string;
}

/** Runs all cases through a proxy, as many at once as it has lanes. */
export async function runResponses(proxy: RunningProxy, cases: readonly WireCase[]): Promise<ReadonlyMap<string, ResponseOutcome>> {
  const outcomes = new Map<string, ResponseOutcome>();
  const queue = [...cases];
  const work = async (lane: RunningLane): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) outcomes.set(next.name, await runResponse(lane, next));
  };
  await Promise.all(proxy.lanes.map(work));
  return outcomes;
}

async function runResponse({ port, upstream }: RunningLane, { bytes, options }: WireCase): Promise<ResponseOutcome> {
  const method = options["request"] ?? "GET";
  const end = options["then"] === "close";
  upstream.answerWith((request) => (request.target === "/case" ? { bytes, end } : OK(request)));
  const lastEventMs = (): number => upstream.lastByteMs();
  const conversation = await talk({
    port,
    bytes: `${method} /case HTTP/1.1\r\nHost: a.example\r\n\r\n`,
    isEnough: (text) => readResponses(text, STRICT, [method], false).messages.some(isFinal),
    lastEventMs,
  });
  const after = await talk({
    port,
    bytes: "GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n",
    isEnough: (text) => readResponses(text, STRICT, ["GET"], false).messages.some(isFinal),
    lastEventMs,
  });
  upstream.reset();
  const next = readResponses(after.text, STRICT, ["GET"], after.isClosed).messages.filter(isFinal);
  const { messages, rest } = readResponses(conversation.text, STRICT, [method], conversation.isClosed);
  const final = messages.find(isFinal);
  return {
    ...conversation,
    method,
    status: final === undefined ? undefined : statusOf(final),
    body: final?.body ?? "",
    interim: messages.filter((message) => !isFinal(message)).map(statusOf),
    rest,
    next: next.map((message) => `${statusOf(message)} ${message.body}`).join(" | "),
  };
}

function statusOf({ start }: Message): number {
  return Number(start.split(" ")[1]);
}

function isFinal(message: Message): boolean {
  return statusOf(message) >= 200;
}

/** The final response as people compare it. */
export function meaningOfResponse({ status, body }: ResponseOutcome): string {
  return `${status ?? "nothing"} ${toReadable(body)}`;
}

/** Readers to which what the client got means something else than to the strict one. */
export function differentResponseReadings(outcome: ResponseOutcome): readonly string[] {
  const describe = (reader: Reader): string => {
    const { messages, rest } = readResponses(outcome.text, reader, [outcome.method], outcome.isClosed);
    return `${messages.map((message) => `${statusOf(message)} ${message.body}`).join(" | ")} then ${rest}`;
  };
  const strict = describe(STRICT);
  return LENIENT.filter((reader) => describe(reader) !== strict).map(({ name }) => name);
}

/** One line of the golden table. What a proxy says of itself in the body of its own answer is left out. */
export function describeResponseOutcome({ status, body, interim, rest, next }: ResponseOutcome): string {
  const counted = interim.length > 3 ? [`${interim.length} interim responses`] : interim.map(String);
  const isOwn = status !== undefined && status >= 500;
  const end = { nothing: "", incomplete: "an unfinished message", refused: "bytes that are no response" }[rest];
  const final = status === undefined ? [] : [isOwn || body === "" ? `${status}` : `${status} "${toReadable(body)}"`];
  const got = [...counted, ...final, ...(end === "" ? [] : [end])];
  return `${got.length === 0 ? "nothing" : got.join(", ")}${next === "200 ok" ? "" : `; the next client gets ${next === "" ? "nothing" : toReadable(next)}`}`;
}
