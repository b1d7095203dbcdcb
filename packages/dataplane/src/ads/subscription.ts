/** What a client wants of one resource type: everything the server has for it, or the resources named. */
export type Interest = { readonly kind: "wildcard" } | { readonly kind: "named"; readonly names: ReadonlySet<string> };

export const WILDCARD: Interest = { kind: "wildcard" };

export function named(names: Iterable<string>): Interest {
  return { kind: "named", names: new Set(names) };
}

export interface InterestChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What to tell the server when interest moves from `before` to `after`; a wildcard names nothing. */
export function compareInterest(before: Interest | undefined, after: Interest): InterestChange {
  const old = before?.kind === "named" ? before.names : new Set<string>();
  const present = after.kind === "named" ? after.names : new Set<string>();
  return { added: [...present].filter((name) => !old.has(name)), removed: [...old].filter((name) => !present.has(name)) };
}
