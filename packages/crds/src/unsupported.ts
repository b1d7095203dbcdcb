import type { FieldPath } from "./field-path.ts";

/** A field or value that is right in Istio but that this version does not do. Each becomes a warning: nothing is ignored in silence. */
export interface UnsupportedField {
  /** Path below `spec`; `[]` stands for every item of a list. */
  readonly path: string;
  /** Only these values of the field. */
  readonly values?: readonly string[];
  /** Only values that this matches. */
  readonly pattern?: RegExp;
  /** Only these keys of the map at the path. */
  readonly keys?: RegExp;
  /** Only where the object at the path has none of these fields. */
  readonly without?: readonly string[];
  /** What happens instead, as the end of a sentence. */
  readonly effect: string;
  readonly hint?: string;
}

export interface UnsupportedUse {
  readonly path: FieldPath;
  readonly field: UnsupportedField;
}

/** Uses of unsupported fields in an object as written. */
export function findUnsupported(spec: unknown, fields: readonly UnsupportedField[]): readonly UnsupportedUse[] {
  return fields.flatMap((field) => {
    const places = placesOf(spec, field.path === "" ? [] : field.path.split("."), []);
    return places.flatMap(({ value, path }) => usesAt(field, value, path));
  });
}

interface Place {
  readonly value: unknown;
  readonly path: FieldPath;
}

function placesOf(value: unknown, steps: readonly string[], path: FieldPath): readonly Place[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [{ value, path }];
  if (!isRecord(value)) return [];
  const name = step.replace("[]", "");
  const child = value[name];
  if (child === undefined || child === null) return [];
  if (!step.endsWith("[]")) return placesOf(child, rest, [...path, name]);
  return Array.isArray(child) ? child.flatMap((item: unknown, index) => placesOf(item, rest, [...path, name, index])) : [];
}

function usesAt(field: UnsupportedField, value: unknown, path: FieldPath): readonly UnsupportedUse[] {
  const { keys, values, pattern, without } = field;
  if (without !== undefined && (!isRecord(value) || without.some((name) => value[name] !== undefined))) return [];
  if (keys !== undefined)
    return isRecord(value)
      ? Object.keys(value)
          .filter((key) => keys.test(key))
          .map((key) => ({ field, path: [...path, key] }))
      : [];
  if (values !== undefined && !values.some((candidate) => candidate === value)) return [];
  if (pattern !== undefined && !(typeof value === "string" && pattern.test(value))) return [];
  return [{ field, path }];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
