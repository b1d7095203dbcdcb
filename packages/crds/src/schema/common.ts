import { z } from "zod";
import { checked, labels, list, object, text } from "./object.ts";
import { isNamespace } from "./network.ts";

/** `selector: {matchLabels: …}`, of the policy kinds. */
export const workloadSelector = object({ matchLabels: labels });

/** A share in percent, 0 to 100. */
export const percentValue = z.number().min(0).max(100);
export const percent = object({ value: percentValue.default(0) });

/** 0 to 2^31 - 1. */
export const count = z.int().min(0).max(2_147_483_647);

/** 0 to 2^32 - 1. */
export const unsigned = z.int().min(0).max(4_294_967_295);

/** Namespaces that may see an object: `.` its own, `*` all, `~` none, or names. */
export const exportTo = checked(
  list(
    text((value) =>
      value === "." || value === "*" || value === "~" || isNamespace(value)
        ? undefined
        : `"${value}" is neither ".", "*", "~" nor a namespace`,
    ),
  ),
  (entries) => [
    ...(entries.includes("*") && entries.length > 1 ? [{ message: '"*" includes all others', hint: 'write ["*"] alone' }] : []),
    ...(entries.includes("~") && entries.length > 1 ? [{ message: '"~" means nobody and excludes all others' }] : []),
    ...duplicates(entries).map(({ value, index }) => ({ message: `"${value}" is there twice`, path: [index] })),
  ],
);

/** Values that stand in a list a second time, with the index of their repetition. */
export function duplicates(values: readonly string[]): readonly { readonly value: string; readonly index: number }[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (seen.has(value)) return [{ value, index }];
    seen.add(value);
    return [];
  });
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
// eslint-disable-next-line no-control-regex -- control characters are what must not be in a header's value (RFC 9110 section 5.5)
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000A-\u001F\u007F]/;

/** Something wrong with the name of an HTTP header (RFC 9110 section 5.1), undefined when it is fine. */
export function headerNameMistake(name: string): string | undefined {
  return HEADER_NAME.test(name) ? undefined : `"${name}" is no valid header name`;
}

export function headerValueMistake(value: string): string | undefined {
  return CONTROL_CHARACTERS.test(value) ? "a header's value must not contain control characters" : undefined;
}
