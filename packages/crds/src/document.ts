import type { Problem } from "@fairlead/kit";
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
  const parsed = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const documents: ConfigDocument[] = [];
  const problems: Problem[] = [];
  // A text without any document at all is answered by an object with a property `empty`.
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const mistake = document.errors[0];
    if (mistake !== undefined) problems.push(syntaxProblem(mistake, file, lines));
    else if (document.contents !== null) addDocument(document, { file, lines, text, documents, problems });
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
    reading.documents.push({
      file,
      value,
      line,
      text: text.slice(start, end),
      lineOf: (path) => findLine(document.contents, path, lineAt) ?? line,
    });
  } catch (error) {
    reading.problems.push(fileProblem(file, line, error instanceof Error ? error.message : String(error)));
  }
}

/** Walks down the syntax tree as far as the path exists, remembering the last line seen. */
function findLine(root: unknown, path: FieldPath, lineAt: (node: unknown) => number | undefined): number | undefined {
  let node = root;
  let line = lineAt(root);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) return line;
      line = lineAt(pair.key) ?? line;
      node = pair.value;
    } else if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      line = lineAt(node) ?? line;
    } else return line;
  }
  return line;
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
