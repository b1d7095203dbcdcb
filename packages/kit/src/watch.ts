/** A value that changes over time, and those who want to know. Setting an identical value is no event. */
export interface Watch<Value> {
  readonly value: Value;
  /** Calls `listener` after every change, not with the present value; the answer ends it. */
  subscribe(listener: (value: Value) => void): () => void;
}

export interface MutableWatch<Value> extends Watch<Value> {
  set(value: Value): void;
}

export function createWatch<Value>(initial: Value): MutableWatch<Value> {
  const listeners = new Set<(value: Value) => void>();
  let current = initial;
  return {
    get value() {
      return current;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      // A copy: a listener may end its own subscription.
      for (const listener of Array.from(listeners)) listener(value);
    },
  };
}
