import { failure, type Result, success } from "@fairlead/kit";

/** A request as a person describes it. */
export interface AskedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface RequestOptions {
  readonly header: readonly string[];
  readonly request?: string | undefined;
  readonly data?: string | undefined;
}

/**
 * Understands `GET http://host/path`, `http://host/path`, and a curl line, as words or as one quoted text; `options` are what the command line parser
 * already took out of it.
 */
export function parseAskedRequest(words: readonly string[], options: RequestOptions): Result<AskedRequest, string> {
  const [single] = words;
  const isQuoted = words.length === 1 && single !== undefined && /\s/.test(single);
  const collected = collect(isQuoted ? splitWords(single) : words, options);
  if (!collected.ok) return collected;
  const { method, target, header, data } = collected.value;
  if (target === undefined) return failure("no URL given");
  const url = parseUrl(target);
  if (url === undefined) return failure(`"${target}" is no http:// URL`);
  const headers: (readonly [string, string])[] = [];
  for (const text of header) {
    const colon = text.indexOf(":");
    if (colon < 1) return failure(`header "${text}" must be "name: value"`);
    headers.push([text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()]);
  }
  return success({ method: method ?? (data === undefined ? "GET" : "POST"), url, headers });
}

interface Collected {
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly header: readonly string[];
  readonly data: string | undefined;
}

/** curl's options that take a value which does not matter for the way a request goes. */
const IRRELEVANT_WITH_VALUE = new Set([
  "-o",
  "--output",
  "-w",
  "--write-out",
  "-m",
  "--max-time",
  "--connect-timeout",
  "-u",
  "--user",
  "-A",
  "--user-agent",
]);
const WITH_DATA = new Set(["-d", "--data", "--data-raw", "--data-binary", "--json"]);

function collect(words: readonly string[], options: RequestOptions): Result<Collected, string> {
  let { request: method, data } = options;
  const header = [...options.header];
  const rest: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const value = (): string => words[(index += 1)] ?? "";
    if (word === "-H" || word === "--header") header.push(value());
    else if (word === "-X" || word === "--request") method = value();
    else if (WITH_DATA.has(word)) data = value();
    else if (IRRELEVANT_WITH_VALUE.has(word)) value();
    else if (!word.startsWith("-") && !(word === "curl" && rest.length === 0)) rest.push(word);
  }
  const [first, second, ...more] = rest;
  if (more.length > 0) return failure(`"${more[0]}" is one word too many: give a method and a URL, or a curl line`);
  if (second === undefined) return success({ method, target: first, header, data });
  if (first === undefined || !/^[A-Z]+$/i.test(first)) return failure(`"${first}" is no HTTP method`);
  return success({ method: first.toUpperCase(), target: second, header, data });
}

function parseUrl(text: string): URL | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "" ? url : undefined;
}

/** Words as a shell splits them: blanks outside quotes; no variables, no globs. */
function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/g))
    words.push(
      match[0].replace(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
        (_all, single?: string, double?: string, escaped?: string) => single ?? double?.replace(/\\(.)/g, "$1") ?? escaped ?? "",
      ),
    );
  return words;
}
