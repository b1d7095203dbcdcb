import { text } from "./object.ts";

/** A regular expression in RE2 syntax, which Envoy and the native engine both run in time linear to the input. */
export const regex = text((pattern) => {
  const mistake = findRegexMistake(pattern);
  return mistake === undefined ? undefined : { message: `"${pattern}" is no regular expression that RE2 takes: ${mistake}` };
});

const MAX_LENGTH = 4096;
/** RE2 refuses to repeat more often than that. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 250;

/** What RE2 would not accept in a pattern, undefined when all is well (RE2's syntax page). */
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

class RegexMistake extends Error {}

/** A position in the pattern. */
class Reader {
  readonly #characters: readonly string[];
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

  /** Takes what matches at this place, undefined when nothing does. */
  takeIf(expected: RegExp): string | undefined {
    const match = expected.exec(this.#characters.slice(this.#next, this.#next + 80).join(""));
    if (match === null || match.index !== 0) return undefined;
    this.#next += Array.from(match[0]).length;
    return match[0];
  }
}

function readAlternatives(reader: Reader, depth: number): void {
  if (depth > MAX_DEPTH) throw new RegexMistake(`nested deeper than ${MAX_DEPTH}`);
  do readSequence(reader, depth);
  while (reader.takeIf(/^\|/) !== undefined);
}

function readSequence(reader: Reader, depth: number): void {
  while (!reader.isAtEnd && reader.peek() !== "|" && reader.peek() !== ")") {
    const isRepeatable = readAtom(reader, depth);
    readQuantifier(reader, isRepeatable);
  }
}

/** Answers whether what was read may be repeated. */
function readAtom(reader: Reader, depth: number): boolean {
  const character = reader.take();
  switch (character) {
    case "(":
      return readGroup(reader, depth);
    case "[":
      readClass(reader);
      return true;
    case "\\":
      readEscape(reader);
      return true;
    case "*":
    case "+":
    case "?":
      throw new RegexMistake(`nothing to repeat before "${character}"`);
    default:
      return true;
  }
}

function readGroup(reader: Reader, depth: number): boolean {
  if (reader.takeIf(/^\?/) !== undefined) {
    if (reader.takeIf(/^(=|!|<=|<!)/) !== undefined) throw new RegexMistake("look-around such as (?=…) or (?!…) is not supported");
    if (reader.takeIf(/^>/) !== undefined) throw new RegexMistake("atomic groups (?>…) are not supported");
    // Flags for the rest of the group: no group of their own.
    if (reader.takeIf(/^[imsU]*(-[imsU]+)?\)/) !== undefined) return false;
    if (reader.takeIf(/^(P?<[A-Za-z_]\w*>|[imsU]*(-[imsU]+)?:)/) === undefined)
      throw new RegexMistake(`unknown group "(?${reader.peek()}…)"`);
  }
  readAlternatives(reader, depth + 1);
  if (reader.take() !== ")") throw new RegexMistake('missing ")"');
  return true;
}

function readQuantifier(reader: Reader, isRepeatable: boolean): void {
  const quantifier = reader.takeIf(/^(\*|\+|\?|\{\d+(,\d*)?\})/);
  if (quantifier === undefined) return;
  if (!isRepeatable) throw new RegexMistake(`nothing to repeat before "${quantifier}"`);
  if (quantifier.startsWith("{")) {
    const [least = 0, most = least] = quantifier
      .slice(1, -1)
      .split(",")
      .filter((bound) => bound !== "")
      .map(Number);
    if (Math.max(least, most) > MAX_REPEAT) throw new RegexMistake(`"${quantifier}" repeats more than ${MAX_REPEAT} times`);
    if (least > most) throw new RegexMistake(`"${quantifier}" has its bounds the wrong way round`);
  }
  reader.takeIf(/^\?/);
  const second = reader.takeIf(/^(\*|\+|\?|\{\d+(,\d*)?\})/);
  if (second !== undefined) throw new RegexMistake(`"${quantifier}${second}" repeats a repetition`);
}

function readEscape(reader: Reader): void {
  if (reader.isAtEnd) throw new RegexMistake('a "\\" at the end');
  if (reader.takeIf(/^Q/) !== undefined) {
    while (!reader.isAtEnd && reader.takeIf(/^\\E/) === undefined) reader.take();
    return;
  }
  if (reader.takeIf(/^([pP](\^?[A-Z]|\{\^?\w+\}))/) !== undefined) return;
  if (reader.takeIf(/^x([0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\})/) !== undefined) return;
  if (reader.takeIf(/^[1-7][0-7]{1,2}|^0[0-7]{0,2}/) !== undefined) return;
  const character = reader.take();
  if (/[1-9]/.test(character)) throw new RegexMistake(`references back such as \\${character} are not supported`);
  if (/[A-Za-z]/.test(character) && !/[AzbBdDsSwWCafnrtvE]/.test(character)) throw new RegexMistake(`unknown escape "\\${character}"`);
}

function readClass(reader: Reader): void {
  reader.takeIf(/^\^/);
  let isFirst = true;
  while (isFirst || reader.peek() !== "]") {
    if (reader.isAtEnd) throw new RegexMistake('missing "]"');
    isFirst = false;
    if (reader.takeIf(/^\[:\^?[a-z]+:\]/) !== undefined) continue;
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
  if (character !== "\\") return character.codePointAt(0);
  const escaped = reader.takeIf(/^[^A-Za-z0-9]/);
  if (escaped !== undefined) return escaped.codePointAt(0);
  const hex = reader.takeIf(/^x[0-9a-fA-F]{2}/);
  if (hex !== undefined) return Number.parseInt(hex.slice(1), 16);
  readEscape(reader);
  return undefined;
}
