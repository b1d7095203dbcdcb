import { messageOf, type Problem } from "@fairlead/kit";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type YAMLError } from "yaml";
import type { FieldPath } from "./field-path.ts";

/** One YAML document, with the way back from a field to its line. */
export interface ConfigDocument {
  /** File that it was read from, relative to the configuration folder; empty when it comes from none. */
  readonly file: string;
  readonly value: unknown;
  /** Line of its first field, counted from 1. */
  readonly line: number;
  /** The text that it was read from. */
  readonly text: string;
  /** Line of the field, or of the closest thing around it that is there. */
  lineOf(path: FieldPath): number;
}

/** Larger texts are refused: a configuration file is written by people. */
const MAX_TEXT_LENGTH = 8 << 20;

/**
 * Reads a text of one or more YAML documents. A document with a mistake in its syntax becomes a problem, and so does a text that is too large; documents
 * that are empty or hold nothing but comments are left out.
 */
export function readDocuments(
  text: string,
  file = "",
): { readonly documents: readonly ConfigDocument[]; readonly problems: readonly Problem[] } {
  if (text.length > MAX_TEXT_LENGTH) {
    const message = `the file has ${text.length} characters, more than ${MAX_TEXT_LENGTH}; split it`;
    return { documents: [], problems: [fileProblem(file, 1, message)] };
  }
  const lines = new LineCounter();
  const documents: ConfigDocument[] = [];
  const problems: Problem[] = [];
  try {
    const parsed = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false });
    // A text without any document at all is answered by an object with a property `empty`.
    for (const document of Array.isArray(parsed) ? parsed : []) {
      const mistake = document.errors[0];
      if (mistake !== undefined) problems.push(syntaxProblem(mistake, file, lines));
      else if (document.contents !== null) addDocument(document, { file, lines, text, documents, problems });
    }
  } catch (error) {
    // The reader goes down with the nesting: thousands of levels exhaust the stack.
    problems.push(fileProblem(file, 1, error instanceof RangeError ? "it is nested too deeply" : String(error)));
  }
  return { documents, problems };
}

interface Reading {
  readonly file: string;
  readonly lines: LineCounter;
  readonly text: string;
  readonly documents: ConfigDocument[];
  readonly problems: Problem[];
}

function addDocument(document: Document.Parsed, reading: Reading): void {
  const { file, lines, text } = reading;
  const lineAt = (node: unknown): number | undefined => {
    const range = isNode(node) ? node.range : undefined;
    return range === undefined || range === null ? undefined : lines.linePos(range[0]).line;
  };
  const line = lineAt(document.contents) ?? 1;
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) return;
    const [start = 0, , end = text.length] = document.contents?.range ?? [];
    const places = toPlaces(document.contents, line, lineAt);
    reading.documents.push({ file, value, line, text: text.slice(start, end), lineOf: (path) => findLine(places, path) });
  } catch (error) {
    reading.problems.push(fileProblem(file, line, messageOf(error)));
  }
}

/** Lines of a node and of what is inside it; a number for a node with nothing inside. Kept instead of the syntax tree, which takes far more memory. */
type Places = number | { readonly line: number; readonly inside: ReadonlyMap<string, Places> };

function toPlaces(node: unknown, line: number, lineAt: (node: unknown) => number | undefined): Places {
  const inside = new Map<string, Places>();
  if (isMap(node)) {
    for (const { key, value } of node.items) if (isScalar(key)) inside.set(String(key.value), toPlaces(value, lineAt(key) ?? line, lineAt));
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) inside.set(String(index), toPlaces(item, lineAt(item) ?? line, lineAt));
  }
  return inside.size === 0 ? line : { line, inside };
}

/** Walks down as far as the path exists. */
function findLine(places: Places, path: FieldPath): number {
  let current = places;
  for (const part of path) {
    if (typeof current === "number") return current;
    const next = current.inside.get(String(part));
    if (next === undefined) return current.line;
    current = next;
  }
  return typeof current === "number" ? current : current.line;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "range" in value;
}

function syntaxProblem(mistake: YAMLError, file: string, lines: LineCounter): Problem {
  return fileProblem(file, lines.linePos(mistake.pos[0]).line, lowerFirst(mistake.message));
}

function fileProblem(file: string, line: number, message: string): Problem {
  const origin = { kind: "File", namespace: "", name: file === "" ? "(text)" : file, line };
  return {
    severity: "error",
    code: "yaml",
    message: `cannot read this YAML: ${message}`,
    origin: file === "" ? origin : { ...origin, file },
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
