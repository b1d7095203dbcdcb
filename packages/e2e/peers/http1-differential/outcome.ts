import { talk } from "./client.ts";
import type { WireCase } from "./corpus.ts";
import { toReadable } from "./corpus.ts";
import type { RunningLane, RunningProxy } from "./proxies.ts";
import { fieldOf, LENIENT, type Reader, type Reading, readRequests, type Request, STRICT, toRequest } from "./readers.ts";

/** What a proxy made of the bytes of a client. */
export interface Outcome {
  /** Final answers that the client got, interim ones left out. */
  readonly statuses: readonly number[];
  readonly isClosed: boolean;
  /** Whole requests that the upstream got, in a strict reading. */
  readonly requests: readonly Request[];
  /** What the upstream got behind the last whole request. */
  readonly rest: Reading["rest"];
  /** Everything that the upstream got, connection by connection. */
  readonly recorded: readonly string[];
  /** Values of the fields that the case watches, by name. */
  readonly watched: Readonly<Record<string, string | undefined>>;
}

/** Runs all cases through a proxy, as many at once as it has lanes. */
export async function runRequests(
  proxy: RunningProxy,
  cases: readonly WireCase[],
  options: { readonly bytewise?: boolean } = {},
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const queue = [...cases];
  const work = async (lane: RunningLane): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) outcomes.set(next.name, await runRequest(lane, next, options));
  };
  await Promise.all(proxy.lanes.map(work));
  return outcomes;
}

async function runRequest(lane: RunningLane, wireCase: WireCase, options: { readonly bytewise?: boolean }): Promise<Outcome> {
  const { bytes } = wireCase;
  const expected = readRequests(bytes, STRICT);
  const { text, isClosed } = await talk({
    ...options,
    port: lane.port,
    bytes,
    // What is refused is over when the connection is.
    isEnough: (text) => expected.rest === "nothing" && finalStatuses(text).length >= expected.messages.length,
    lastEventMs: () => lane.upstream.lastByteMs(),
  });
  const recorded = lane.upstream.recorded();
  lane.upstream.reset();
  const readings = recorded.map((bytes) => readRequests(bytes, STRICT));
  const messages = readings.flatMap((reading) => reading.messages);
  const watched = (wireCase.options["watch"] ?? "").split(",").map((name) => name.trim());
  return {
    statuses: finalStatuses(text),
    isClosed,
    requests: messages.map(toRequest),
    rest: readings.find(({ rest }) => rest !== "nothing")?.rest ?? "nothing",
    recorded,
    watched: Object.fromEntries(watched.filter((name) => name !== "").map((name) => [name, fieldOf(messages[0]?.fields ?? [], name)])),
  };
}

function finalStatuses(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.[01] ([2-9]\d\d)\b/g)].map(([, status]) => Number(status));
}

/** What two readings must have in common to be the same: a host's port and case do not count, proxies change them. */
export function meaningOf(requests: readonly Request[]): string {
  return requests
    .map(({ method, host, target, body }) => `${method} ${host.replace(/:\d+$/, "")} ${target} ${toReadable(body)}`)
    .join(" | ");
}

/** Readers to which what the upstream got means something else than to the strict one. */
export function differentReadings({ recorded }: Outcome): readonly string[] {
  return LENIENT.filter((reader) => recorded.some((bytes) => describe(bytes, reader) !== describe(bytes, STRICT))).map(({ name }) => name);
}

function describe(bytes: string, reader: Reader): string {
  const { messages, rest } = readRequests(bytes, reader);
  return `${meaningOf(messages.map(toRequest))} then ${rest}`;
}

/** What a target is to upstreams that resolve dot segments, decode first, take a backslash for a slash, cut parameters off segments before, or encode what no URI has. */
export function targetReadings(target: string): readonly string[] {
  const [path = "", query] = target.split(/(?=\?)/, 2);
  if (!path.startsWith("/")) return [target];
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(char) ? char : escape;
  });
  const withoutParameters = decoded.replace(/\/(\.\.?);[^/]*/g, "/$1");
  const readings = [path, removeDots(path), removeDots(decoded), removeDots(decoded.replaceAll("\\", "/")), removeDots(withoutParameters)];
  return [...readings, ...readings.map(encodeForeign)].map((read) => read + (query ?? ""));
}

/** Characters that no URI has (RFC 3986 section 2), as browsers send them in paths. */
function encodeForeign(path: string): string {
  return path.replace(/["<>^`{|}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** RFC 3986 section 5.2.4. */
function removeDots(path: string): string {
  const kept: string[] = [];
  const segments = path.slice(1).split("/");
  for (const [index, segment] of segments.entries()) {
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (index === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** A text that comes more than twice in a row is written once. */
function counted(texts: readonly string[]): readonly string[] {
  const isLong = texts.length > 2 && new Set(texts).size === 1;
  return isLong ? [`${texts.length} times ${texts[0]}`] : texts;
}

/** One line of the golden table. */
export function describeOutcome({ statuses, requests, rest, watched }: Outcome): string {
  const answers = statuses.length === 0 ? "no answer" : counted(statuses.map(String)).join(", ");
  const forwarded = requests.map(({ method, host, target, body }) =>
    [method, toReadable(host || "(no host)", 40), toReadable(target, 60), ...(body === "" ? [] : [`"${toReadable(body, 60)}"`])].join(" "),
  );
  const kept = Object.entries(watched).map(([name, value]) => `${name}=${value === undefined ? "(gone)" : toReadable(value)}`);
  // How much of a body has gone on when its end is refused is a matter of time.
  const isCutOff = rest === "incomplete" && statuses.length === 0;
  const parts = [
    ...counted(forwarded),
    ...(isCutOff ? ["part of a request"] : []),
    ...(rest === "refused" ? ["a request that is none"] : []),
  ];
  return [answers, parts.length === 0 ? "nothing goes on" : parts.join(" | "), ...(requests.length > 0 ? kept : [])].join("; ");
}
