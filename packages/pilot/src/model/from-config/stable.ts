/** The list as it was before where it has the same members in the same order, so that an unchanged list is the same object. */
export function keepList<Item>(before: readonly Item[] | undefined, now: readonly Item[]): readonly Item[] {
  return before !== undefined && before.length === now.length && before.every((item, index) => item === now[index]) ? before : now;
}

/** The map as it was before where it has the same entries in the same order. */
export function keepMap<Key, Value>(before: ReadonlyMap<Key, Value> | undefined, now: ReadonlyMap<Key, Value>): ReadonlyMap<Key, Value> {
  if (before === undefined || before.size !== now.size) return now;
  const old = before.entries();
  for (const [key, value] of now) {
    const entry = old.next().value;
    if (entry === undefined || entry[0] !== key || entry[1] !== value) return now;
  }
  return before;
}
