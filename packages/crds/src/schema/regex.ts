import { text } from "./object.ts";

/**
 * A regular expression that both RE2 (Envoy) and Rust's regex (the native engine) take and read alike; both run in time linear to the input. One pattern
 * that a proxy refuses would cost it its whole route table.
 */
export const regex = text((pattern) => {
  const mistake = findRegexMistake(pattern);
  return mistake === undefined ? undefined : { message: `"${pattern}" is no regular expression that all proxies take: ${mistake}` };
});

const MAX_LENGTH = 4096;
/** RE2 refuses to repeat more often than that. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 250;

/** What RE2 or Rust's regex would not accept in a pattern, or read differently; undefined when all is well. */
export function findRegexMistake(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH) return `longer than ${MAX_LENGTH} characters`;
  try {
    const reader = new Reader(pattern);
    readAlternatives(reader, 0);
    return reader.isAtEnd ? undefined : 'unexpected ")"';
  } catch (error) {
    if (error instanceof RegexMistake) return error.message;
    throw error;
  }
}

/** What is wrong with a text that replaces matches of `pattern`: `\1` is its first group, `\\` a backslash (RE2's rewrite strings). */
export function findSubstitutionMistake(pattern: string, substitution: string): string | undefined {
  const groups = countGroups(pattern);
  for (const [escape] of substitution.matchAll(/\\(.|$)/gs)) {
    const what = escape.slice(1);
    if (what === "\\") continue;
    if (!/^\d$/.test(what)) return `"${escape}" is neither a group such as \\1 nor \\\\`;
    if (Number(what) > groups) return `"${escape}" is a group that "${pattern}" does not have: it has ${groups}`;
  }
  return undefined;
}

function countGroups(pattern: string): number {
  if (findRegexMistake(pattern) !== undefined) return 0;
  const withoutEscapes = pattern.replaceAll(/\\./gs, "").replaceAll(/\[\^?\]?[^\]]*\]/g, "");
  return [...withoutEscapes.matchAll(/\((?!\?)|\(\?P?</g)].length;
}

class RegexMistake extends Error {}

/** A position in the pattern. */
class Reader {
  readonly #characters: readonly string[];
  readonly #names = new Set<string>();
  #next = 0;

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#characters.length;
  }

  peek(): string {
    return this.#characters[this.#next] ?? "";
  }

  take(): string {
    return this.#characters[this.#next++] ?? "";
  }

  /** Names of groups have to be unique. */
  addName(name: string): void {
    if (this.#names.has(name)) throw new RegexMistake(`two groups are called "${name}"`);
    this.#names.add(name);
  }

  /** Takes what matches at this place, undefined when nothing does. */
  takeIf(expected: RegExp): string | undefined {
    const match = expected.exec(this.#characters.slice(this.#next, this.#next + 80).join(""));
    if (match === null || match.index !== 0) return undefined;
    this.#next += Array.from(match[0]).length;
    return match[0];
  }
}

/** Answers how often the most repeated part of it can repeat, which RE2 limits for nested repetitions together. */
function readAlternatives(reader: Reader, depth: number): number {
  if (depth > MAX_DEPTH) throw new RegexMistake(`nested deeper than ${MAX_DEPTH}`);
  let most = 1;
  do most = Math.max(most, readSequence(reader, depth));
  while (reader.takeIf(/^\|/) !== undefined);
  return most;
}

function readSequence(reader: Reader, depth: number): number {
  let most = 1;
  while (!reader.isAtEnd && reader.peek() !== "|" && reader.peek() !== ")") {
    const inside = readAtom(reader, depth);
    most = Math.max(most, readQuantifier(reader, inside));
  }
  return most;
}

/** Answers how often something inside repeats; undefined for what may not be repeated itself. */
function readAtom(reader: Reader, depth: number): number | undefined {
  const character = reader.take();
  switch (character) {
    case "(":
      return readGroup(reader, depth);
    case "[":
      readClass(reader);
      return 1;
    case "\\":
      readEscape(reader);
      return 1;
    case "*":
    case "+":
    case "?":
      throw new RegexMistake(`nothing to repeat before "${character}"`);
    case "{":
      throw new RegexMistake(String.raw`a "{" that begins no repetition must be written \{`);
    default:
      return 1;
  }
}

function readGroup(reader: Reader, depth: number): number | undefined {
  if (reader.takeIf(/^\?/) !== undefined) {
    if (reader.takeIf(/^(=|!|<=|<!)/) !== undefined) throw new RegexMistake("look-around such as (?=…) or (?!…) is not supported");
    if (reader.takeIf(/^>/) !== undefined) throw new RegexMistake("atomic groups (?>…) are not supported");
    // Flags for the rest of the group: no group of their own.
    if (reader.takeIf(/^([imsU]+(-[imsU]+)?|-[imsU]+)\)/) !== undefined) return undefined;
    const name = reader.takeIf(/^P?<[A-Za-z_]\w*>/);
    if (name !== undefined) reader.addName(name.replace(/^P?</, "").slice(0, -1));
    else if (reader.takeIf(/^[imsU]*(-[imsU]+)?:/) === undefined) throw new RegexMistake(`unknown group "(?${reader.peek()}…)"`);
  }
  const inside = readAlternatives(reader, depth + 1);
  if (reader.take() !== ")") throw new RegexMistake('missing ")"');
  return inside;
}

const QUANTIFIER = /^(\*|\+|\?|\{\d+(,\d*)?\})/;

function readQuantifier(reader: Reader, inside: number | undefined): number {
  const quantifier = reader.takeIf(QUANTIFIER);
  if (quantifier === undefined) return inside ?? 1;
  if (inside === undefined) throw new RegexMistake(`nothing to repeat before "${quantifier}"`);
  reader.takeIf(/^\?/);
  const second = reader.takeIf(QUANTIFIER);
  if (second !== undefined) throw new RegexMistake(`"${quantifier}${second}" repeats a repetition`);
  return quantifier.startsWith("{") ? countRepetitions(quantifier, inside) : inside;
}

function countRepetitions(quantifier: string, inside: number): number {
  const bounds = quantifier
    .slice(1, -1)
    .split(",")
    .filter((bound) => bound !== "")
    .map(Number);
  const [least = 0, most = least] = bounds;
  if (least > most) throw new RegexMistake(`"${quantifier}" has its bounds the wrong way round`);
  const total = Math.max(1, most) * inside;
  if (total > MAX_REPEAT) throw new RegexMistake(`"${quantifier}" repeats something more than ${MAX_REPEAT} times`);
  return total;
}

function readEscape(reader: Reader): void {
  if (reader.isAtEnd) throw new RegexMistake('a "\\" at the end');
  const property = reader.takeIf(/^[pP](\{\^?\w+\}|[A-Z])/);
  if (property !== undefined) {
    const name = property.slice(1).replace(/[{}^]/g, "");
    if (!isUnicodeClass(name)) throw new RegexMistake(`there is no class of characters "${name}"`);
    return;
  }
  if (reader.takeIf(/^x([0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\})/) !== undefined) return;
  const character = reader.take();
  if (/[0-9]/.test(character)) throw new RegexMistake(String.raw`references back such as \1 and octal numbers are not supported`);
  if (/[A-Za-z]/.test(character) && !/[AzbBdDsSwWafnrtv]/.test(character)) throw new RegexMistake(`unknown escape "\\${character}"`);
  // After a backslash Rust takes < and > for the edges of a word, RE2 for the characters.
  if (/[<>]/.test(character) || (character.codePointAt(0) ?? 0) > 0x7f)
    throw new RegexMistake(`"${character}" must be written without "\\"`);
}

/** A general category or a script, as both know them. */
function isUnicodeClass(name: string): boolean {
  return [name, `Script=${name}`].some((property) => {
    try {
      return new RegExp(`\\p{${property}}`, "u") instanceof RegExp;
    } catch {
      return false;
    }
  });
}

const POSIX_CLASS = /^\[:\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;

function readClass(reader: Reader): void {
  reader.takeIf(/^\^/);
  let isFirst = true;
  while (isFirst || reader.peek() !== "]") {
    if (reader.isAtEnd) throw new RegexMistake('missing "]"');
    isFirst = false;
    if (reader.takeIf(POSIX_CLASS) !== undefined) continue;
    if (reader.takeIf(/^(&&|--|~~)/) !== undefined) throw new RegexMistake('"&&", "--" and "~~" in [] are read differently by proxies');
    const from = readClassMember(reader);
    if (reader.takeIf(/^-(?!\])/) === undefined) continue;
    const to = readClassMember(reader);
    if (from === undefined || to === undefined || from > to) throw new RegexMistake("a range in [] is the wrong way round or has no ends");
  }
  reader.take();
}

/** The character's code; undefined for a member that stands for many, or whose code does not matter here. */
function readClassMember(reader: Reader): number | undefined {
  const character = reader.take();
  if (character === "") throw new RegexMistake('missing "]"');
  if (character === "[") throw new RegexMistake(String.raw`a "[" in [] must be written \[`);
  if (character !== "\\") return character.codePointAt(0);
  const escaped = reader.takeIf(/^[^A-Za-z0-9<>]/);
  if (escaped !== undefined) return escaped.codePointAt(0);
  const hex = reader.takeIf(/^x[0-9a-fA-F]{2}/);
  if (hex !== undefined) return Number.parseInt(hex.slice(1), 16);
  const edge = reader.takeIf(/^[bBAz]/);
  if (edge !== undefined) throw new RegexMistake(`"\\${edge}" is no character and must not be in []`);
  readEscape(reader);
  return undefined;
}
