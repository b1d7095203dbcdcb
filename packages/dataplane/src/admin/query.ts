import { messageOf } from "@fairlead/kit";
import { AdminRefusal } from "./refusal.ts";

/** Longer patterns are none that a person wrote. */
const PATTERN_LIMIT = 512;

/** The parameters of a request's URL. */
export function queryOf(url: string): URLSearchParams {
  return new URL(url, "http://admin").searchParams;
}

/** A parameter that is a regular expression; undefined where it is not given. Refuses what is none. */
export function patternOf(query: URLSearchParams, name: string): RegExp | undefined {
  const source = query.get(name);
  if (source === null || source === "") return undefined;
  if (source.length > PATTERN_LIMIT) throw new AdminRefusal(400, `${name}: longer than ${PATTERN_LIMIT} characters`);
  try {
    return new RegExp(source, "v");
  } catch (error) {
    // What RE2 takes and the strict mode of JavaScript does not, such as an escaped hyphen.
    return lenientPattern(source, name, error);
  }
}

/** The parameter `format`; refuses what is not among the choices, the first of which is the default. */
export function formatOf<Choice extends string>(query: URLSearchParams, choices: readonly [Choice, ...Choice[]]): Choice {
  const wanted = query.get("format");
  if (wanted === null || wanted === "") return choices[0];
  const choice = choices.find((name) => name === wanted);
  if (choice === undefined) throw new AdminRefusal(400, `format: "${wanted}" is none of ${choices.join(", ")}`);
  return choice;
}

function lenientPattern(source: string, name: string, strictError: unknown): RegExp {
  try {
    return new RegExp(source);
  } catch {
    throw new AdminRefusal(400, `${name}: "${source}" is no regular expression: ${messageOf(strictError)}`);
  }
}
