import { z } from "zod";
import type { FieldPath } from "./field-path.ts";
import { didYouMean } from "./suggest.ts";

/** One mistake in an object, in words. */
export interface Mistake {
  readonly code: string;
  readonly path: FieldPath;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Puts what zod found into the words that all problems of Fairlead have. */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.core.$ZodType): readonly Mistake[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        code: "unknown-field",
        path: [...path, key],
        message: "there is no such field",
        hint: didYouMean(key, knownFields(schema, path)),
      }));
    case "invalid_type":
      return [typeMistake(issue, path)];
    case "invalid_value":
      return [valueMistake(issue, path)];
    case "invalid_union":
      return [{ code: "invalid-value", path, message: `${show(issue.input)} is not allowed here`, hint: unionHint(issue) }];
    case "too_small":
    case "too_big":
      return [sizeMistake(issue, path)];
    case "custom":
      return [customMistake(issue, path)];
    case "invalid_key":
    case "invalid_element":
    case "not_multiple_of":
    case "invalid_format":
      return [{ code: "invalid-value", path, message: lowerFirst(issue.message) }];
  }
}

const NAMES: Readonly<Record<string, string>> = {
  object: "a map of fields",
  record: "a map",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function typeMistake(issue: z.core.$ZodIssueInvalidType, path: FieldPath): Mistake {
  if (issue.input === undefined) return { code: "missing-field", path, message: "is required" };
  const expected = NAMES[issue.expected] ?? issue.expected;
  const message = `must be ${expected}, got ${show(issue.input)}`;
  const isQuotedNumber =
    (issue.expected === "number" || issue.expected === "int") && typeof issue.input === "string" && /^\d+$/.test(issue.input);
  if (isQuotedNumber) return { code: "wrong-type", path, message, hint: "remove the quotes" };
  const isBareText = issue.expected === "string" && (typeof issue.input === "number" || typeof issue.input === "boolean");
  return isBareText
    ? { code: "wrong-type", path, message, hint: `put it in quotes: "${String(issue.input)}"` }
    : { code: "wrong-type", path, message };
}

function valueMistake(issue: z.core.$ZodIssueInvalidValue, path: FieldPath): Mistake {
  if (issue.input === undefined) return { code: "missing-field", path, message: "is required" };
  const values = issue.values.map(String);
  const hint = typeof issue.input === "string" ? didYouMean(issue.input, values) : undefined;
  return {
    code: "invalid-value",
    path,
    message: `must be ${values.join(", ").replace(/, ([^,]*)$/, " or $1")}, got ${show(issue.input)}`,
    hint,
  };
}

function unionHint(issue: z.core.$ZodIssueInvalidUnion): string | undefined {
  const values = issue.errors.flat().flatMap((error) => (error.code === "invalid_value" ? error.values.map(String) : []));
  return values.length === 0 ? undefined : `allowed are ${values.join(", ")}`;
}

function sizeMistake(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, path: FieldPath): Mistake {
  const isSmall = issue.code === "too_small";
  const limit = String(isSmall ? issue.minimum : issue.maximum);
  if (isSmall && (issue.origin === "array" || issue.origin === "string") && limit === "1")
    return { code: "invalid-value", path, message: "must not be empty", hint: "fill it or leave it out" };
  const unit = issue.origin === "array" ? " entries" : issue.origin === "string" ? " characters" : "";
  const got = unit === "" ? `, got ${show(issue.input)}` : "";
  return { code: "invalid-value", path, message: `must be at ${isSmall ? "least" : "most"} ${limit}${unit}${got}` };
}

function customMistake(issue: z.core.$ZodIssueCustom, path: FieldPath): Mistake {
  const { code, hint } = issue.params ?? {};
  return {
    code: typeof code === "string" ? code : "invalid-value",
    path,
    message: issue.message,
    hint: typeof hint === "string" ? hint : undefined,
  };
}

function show(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of fields";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Names of the fields that a schema has at a path. */
function knownFields(schema: z.core.$ZodType, path: FieldPath): readonly string[] {
  let current = unwrap(schema);
  for (const part of path) {
    if (current instanceof z.ZodObject) {
      const field: unknown = current.shape[part];
      if (!(field instanceof z.ZodType)) return [];
      current = unwrap(field);
    } else if (current instanceof z.ZodArray) current = unwrap(current.element);
    else if (current instanceof z.ZodRecord) current = unwrap(current.valueType);
    else return [];
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly) return unwrap(schema.unwrap());
  return schema;
}
