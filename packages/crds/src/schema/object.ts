import { z } from "zod";

/** What a check of ours found out about a value, beside what the type says. */
export interface Finding {
  readonly message: string;
  readonly hint?: string | undefined;
  /** Relative to the value that was checked. */
  readonly path?: readonly (string | number)[];
  /** `invalid-value` unless said otherwise. */
  readonly code?: string;
}

/** An object none of whose fields may be unknown. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape);
}

/** Adds a check that sees the whole value; it answers with what is wrong, nothing for all well. */
export function checked<Schema extends z.ZodType>(schema: Schema, check: (value: z.output<Schema>) => Iterable<Finding>): Schema {
  return schema.superRefine((value, context) => {
    for (const { message, hint, path, code } of check(value))
      context.addIssue({ code: "custom", message, path: [...(path ?? [])], params: { code, hint } });
  });
}

/** A text that `test` has nothing to say against. */
export function text(test: (value: string) => Finding | string | undefined) {
  return checked(z.string(), (value) => {
    const finding = test(value);
    if (finding === undefined) return [];
    return [typeof finding === "string" ? { message: finding } : finding];
  });
}

/** One of a few spellings, upper-case as in Istio. */
export function choice<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values);
}

export function list<Element extends z.ZodType>(element: Element) {
  return z.array(element).readonly().default([]);
}

export function nonEmptyList<Element extends z.ZodType>(element: Element) {
  return z.array(element).min(1).readonly();
}

/** A map from text to text (labels, headers to set). */
export const stringMap = z.record(z.string(), z.string()).readonly();

export const labels = checked(stringMap.default({}), (map) =>
  Object.entries(map).flatMap(([key, value]) => [
    ...(LABEL_KEY.test(key) && key.length <= 317 ? [] : [{ message: `"${key}" is no valid label name`, path: [key] }]),
    ...(LABEL_VALUE.test(value)
      ? []
      : [{ message: `"${value}" is no valid label value: at most 63 letters, digits, ".", "-" and "_"`, path: [key] }]),
  ]),
);

const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** Names of the fields that are there, of those named. */
export function present<Value extends object>(value: Value, fields: readonly (keyof Value & string)[]): readonly string[] {
  return fields.filter((field) => value[field] !== undefined);
}

/** Findings for fields of which at most one may be there. */
export function atMostOne<Value extends object>(value: Value, fields: readonly (keyof Value & string)[]): readonly Finding[] {
  const [first, second] = present(value, fields);
  return second === undefined
    ? []
    : [
        {
          code: "conflicting-fields",
          message: `${first} and ${second} exclude each other`,
          hint: `keep one of ${fields.join(", ")}`,
          path: [second],
        },
      ];
}

/** Findings for fields of which exactly one has to be there. */
export function exactlyOne<Value extends object>(value: Value, fields: readonly (keyof Value & string)[]): readonly Finding[] {
  return present(value, fields).length === 0
    ? [{ code: "missing-field", message: `one of ${fields.join(", ")} is required` }]
    : atMostOne(value, fields);
}
