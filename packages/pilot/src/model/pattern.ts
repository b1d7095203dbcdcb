import type { StringPattern } from "./access-policy.ts";

/** `text`, `prefix*`, `*suffix`, `*` as policies write them. */
export function toPattern(text: string): StringPattern {
  if (text === "*") return { kind: "present" };
  if (text.endsWith("*")) return { kind: "prefix", value: text.slice(0, -1) };
  return text.startsWith("*") ? { kind: "suffix", value: text.slice(1) } : { kind: "exact", value: text };
}
