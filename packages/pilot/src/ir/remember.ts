export { memo } from "../model/memo.ts";

interface Node<Output> {
  objects?: WeakMap<object, Node<Output>>;
  values?: Map<unknown, Node<Output>>;
  answer?: { readonly value: Output };
}

/**
 * Remembers the answer for each combination of arguments: objects by identity and as long as they live, everything else by value. The first argument
 * has to be an object, so that nothing outlives what it was made from.
 */
export function remember<Args extends readonly [object, ...unknown[]], Output>(
  compute: (...args: Args) => Output,
): (...args: Args) => Output {
  const root: Node<Output> = {};
  return (...args) => {
    let node = root;
    for (const arg of args) node = childOf(node, arg);
    node.answer ??= { value: compute(...args) };
    return node.answer.value;
  };
}

const listRoot: Node<readonly object[]> = {};
const EMPTY: readonly never[] = Object.freeze([]);

/** The one array for these members: two lists with identical members in the same order become the same object, fit to be remembered by. */
export function internList<Item extends object>(items: readonly Item[]): readonly Item[] {
  if (items.length === 0) return EMPTY;
  let node = listRoot;
  for (const item of items) node = childOf(node, item);
  node.answer ??= { value: items };
  // The trie is keyed by the items themselves, so what it holds here has their type.
  return node.answer.value as readonly Item[];
}

function childOf<Output>(node: Node<Output>, key: unknown): Node<Output> {
  if (typeof key === "object" && key !== null) {
    node.objects ??= new WeakMap();
    return getOrCreate(node.objects, key);
  }
  node.values ??= new Map();
  return getOrCreate(node.values, key);
}

interface Children<Key, Output> {
  get(key: Key): Node<Output> | undefined;
  set(key: Key, node: Node<Output>): unknown;
}

function getOrCreate<Key, Output>(children: Children<Key, Output>, key: Key): Node<Output> {
  const known = children.get(key);
  if (known !== undefined) return known;
  const created: Node<Output> = {};
  children.set(key, created);
  return created;
}
