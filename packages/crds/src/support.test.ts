import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KINDS, OTHER_KINDS } from "./kinds.ts";
import type { UnsupportedField } from "./unsupported.ts";

const PAGE = join(import.meta.dirname, "../SUPPORT.md");

/** The page that tells what of Istio's kinds is done, from the same tables as the warnings. */
function page(): string {
  const kinds = Object.entries(KINDS).map(([kind, { group, versions, unsupported }]) => {
    const rows = unsupported.map(
      (field) => `| \`${field.path === "" ? "spec" : field.path}\`${limitOf(field)} | ${field.effect} | ${field.hint ?? ""} |`,
    );
    const table =
      rows.length === 0 ? ["All of it is done."] : ["| read, but not done | what happens instead | what to do |", "|---|---|---|", ...rows];
    return [`## ${kind}`, `\`${group}\`: ${versions.join(", ")}`, "", ...table, ""].join("\n");
  });
  const others = Object.entries(OTHER_KINDS).map(([group, names]) => `- \`${group}\`: ${names.join(", ")}`);
  return [
    "# What of Istio's kinds this version does",
    "",
    "Every field that Istio has in these kinds is read and checked. A field in the tables below is accepted with a warning `unsupported-field`; a field that",
    "Istio does not have is an error. This page is written by `src/support.test.ts` (`UPDATE_GOLDENS=1`).",
    "",
    ...kinds,
    "## Kinds that are known by name only",
    "Accepted with a warning `unsupported-kind`; they have no effect.",
    "",
    ...others,
    "",
  ].join("\n");
}

function limitOf({ values, keys, pattern, without }: UnsupportedField): string {
  if (without !== undefined) return ` without ${without.map((name) => `\`${name}\``).join(" and ")}`;
  if (values !== undefined) return `: ${values.join(", ")}`;
  const expression = keys ?? pattern;
  return expression === undefined || expression.source === "." ? "" : ` matching \`${expression.source.replaceAll("|", "\\|")}\``;
}

describe("the page about what is supported", () => {
  it("says what the tables say", () => {
    if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(PAGE, page());
    expect(existsSync(PAGE)).toBe(true);
    expect(readFileSync(PAGE, "utf8")).toBe(page());
  });
});
