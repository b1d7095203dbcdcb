import { type ConfigDocument, type MeshObject, objectKey, parse, readDocuments } from "@fairlead/crds";
import { describeOrigin, type Problem } from "@fairlead/kit";
import type { SourceChange } from "./source.ts";

/** The objects of some files, without the files: what a text means, what of it is in service, and what is wrong. */
export interface Folder {
  readonly objects: readonly MeshObject[];
  readonly problems: readonly Problem[];
  /** Puts many files in place at once: what a start does. */
  load(files: Iterable<readonly [file: string, text: string]>): SourceChange | undefined;
  /** Puts a file's new text in place; undefined when nothing changed by that. */
  set(file: string, text: string): SourceChange | undefined;
  delete(file: string): SourceChange | undefined;
  /** Says that a file cannot be read: what it held stays in service. */
  fail(file: string, problem: Problem): SourceChange | undefined;
  readonly files: readonly string[];
}

export function createFolder(): Folder {
  const files = new Map<string, FileState>();
  let view: View = { objects: [], problems: [], byKey: new Map() };

  const renew = (): SourceChange | undefined => {
    const before = view;
    view = viewOf(files);
    return changeBetween(before, view);
  };
  const update = (file: string, state: FileState | undefined): SourceChange | undefined => {
    if (state === undefined) files.delete(file);
    else files.set(file, state);
    return renew();
  };
  return {
    get objects() {
      return view.objects;
    },
    get problems() {
      return view.problems;
    },
    get files() {
      return [...files.keys()];
    },
    load(texts) {
      for (const [file, text] of texts) files.set(file, readFile(file, text, files.get(file)));
      return renew();
    },
    set(file, text) {
      const known = files.get(file);
      return known?.text === text ? undefined : update(file, readFile(file, text, known));
    },
    delete: (file) => (files.has(file) ? update(file, undefined) : undefined),
    fail(file, problem) {
      const known = files.get(file) ?? NOTHING;
      return update(file, { ...known, text: undefined, problems: [problem] });
    },
  };
}

interface FileState {
  /** undefined when the file could not be read. */
  readonly text: string | undefined;
  /** Objects in service, by the document that each was read from. */
  readonly objects: ReadonlyMap<string, MeshObject>;
  readonly problems: readonly Problem[];
  /** Whether the objects are those of one whole, valid text. */
  readonly isGood: boolean;
}

const NOTHING: FileState = { text: undefined, objects: new Map(), problems: [], isGood: false };

interface View {
  readonly objects: readonly MeshObject[];
  readonly problems: readonly Problem[];
  readonly byKey: ReadonlyMap<string, MeshObject>;
}

/**
 * A text with an error is refused as a whole, as its objects may belong together: the file's last good objects stay. Only where there never was a
 * good text (the first one, after a start) the objects without errors are taken.
 */
function readFile(file: string, text: string, before: FileState = NOTHING): FileState {
  const { documents, problems: syntaxProblems } = readDocuments(text, file);
  const objects = new Map<string, MeshObject>();
  const problems = [...syntaxProblems];
  for (const document of documents) {
    const identity = documentIdentity(document);
    const known = before.objects.get(identity);
    const parsed = known === undefined ? parse(document) : ({ ok: true, value: known } as const);
    if (parsed.ok) {
      objects.set(identity, parsed.value);
      problems.push(...parsed.value.warnings);
    } else problems.push(...parsed.error);
  }
  const isGood = !problems.some((problem) => problem.severity === "error");
  if (isGood) return { text, objects, problems, isGood };
  if (before.isGood) return { ...before, text, problems };
  return { text, objects: new Map([...withoutKeysOf(before.objects, objects), ...objects]), problems, isGood };
}

/** The same text in the same place is the same object, so that whoever builds on it sees that nothing changed. */
function documentIdentity(document: ConfigDocument): string {
  return `${document.line} ${document.text}`;
}

function withoutKeysOf(
  objects: ReadonlyMap<string, MeshObject>,
  others: ReadonlyMap<string, MeshObject>,
): readonly (readonly [string, MeshObject])[] {
  const keys = new Set([...others.values()].map(objectKey));
  return [...objects].filter(([, object]) => !keys.has(objectKey(object)));
}

/** Objects in order of file and place; of two with the same name the first counts. */
function viewOf(files: ReadonlyMap<string, FileState>): View {
  const byKey = new Map<string, MeshObject>();
  const problems: Problem[] = [];
  const inOrder = [...files].toSorted(([left], [right]) => (left < right ? -1 : 1));
  for (const [, state] of inOrder) {
    problems.push(...state.problems);
    for (const object of state.objects.values()) {
      const first = byKey.get(objectKey(object));
      if (first === undefined) byKey.set(objectKey(object), object);
      else problems.push(duplicateProblem(object, first));
    }
  }
  return { objects: [...byKey.values()], problems, byKey };
}

function duplicateProblem(object: MeshObject, first: MeshObject): Problem {
  return {
    severity: "error",
    code: "duplicate-object",
    message: `this ${object.kind} is defined already: ${describeOrigin(first.origin)}; the one here has no effect`,
    hint: "rename or remove one of them",
    origin: object.origin,
  };
}

function changeBetween(before: View, after: View): SourceChange | undefined {
  const upserted = after.objects.filter((object) => before.byKey.get(objectKey(object)) !== object);
  const deleted = before.objects.filter((object) => !after.byKey.has(objectKey(object)));
  const sameProblems =
    before.problems.length === after.problems.length && before.problems.every((problem, index) => problem === after.problems[index]);
  return upserted.length === 0 && deleted.length === 0 && sameProblems ? undefined : { upserted, deleted };
}
