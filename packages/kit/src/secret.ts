import { inspect } from "node:util";

const REDACTED = "[redacted]";

/** A value that prints as `[redacted]` wherever it is logged, dumped or serialized; `reveal()` is the only way in. */
export class Secret<Value> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  reveal(): Value {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
