import { type Visibility, VISIBLE_EVERYWHERE } from "../visibility.ts";

const cache = new Map<string, Visibility>();

/** Turns `exportTo` as written in an object of `namespace` into names; nothing written means everywhere. */
export function toVisibility(exportTo: readonly string[], namespace: string): Visibility {
  if (exportTo.length === 0 || exportTo.includes("*")) return VISIBLE_EVERYWHERE;
  const namespaces = exportTo.filter((entry) => entry !== "~").map((entry) => (entry === "." ? namespace : entry));
  const key = namespaces.toSorted().join(" ");
  let visibility = cache.get(key);
  // Shared, so that whoever compares by identity sees equals as the same.
  if (visibility === undefined) cache.set(key, (visibility = { kind: "namespaces", namespaces }));
  return visibility;
}
