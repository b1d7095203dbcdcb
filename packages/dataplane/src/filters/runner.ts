import { type Filter, isFilter } from "../filter.ts";
import {
  AnswerWriter,
  FAILED,
  FrameReader,
  LOAD,
  LOADED,
  NOT_LOADED,
  ON_REQUEST,
  ON_RESPONSE,
  PARTIAL_REQUEST_BODY,
  PARTIAL_RESPONSE_BODY,
  RELEASE,
  REQUEST,
  REQUEST_BODY,
  RESPONSE,
  RESPONSE_BODY,
} from "./frame.ts";
import { ShownMessage, toContext, writeAnswer } from "./messages.ts";

/** What runs filters needs of its thread. */
export interface RunnerPorts {
  /** Loads a module of the folder; answers what it exports. */
  readonly load: (module: string) => Promise<Readonly<Record<string, unknown>>>;
  /** Hands answers to the engine, which copies them. */
  readonly answer: (batch: Buffer) => void;
  /** Is told of what a filter threw. */
  readonly onFailure: (module: string, error: unknown) => void;
}

/** A module that is used, with its configuration. */
interface Instance {
  readonly module: string;
  readonly filter: Filter<unknown>;
  readonly config: unknown;
}

/** Runs the filters of a thread: questions go in, answers come out, many at a time. */
export class FilterRunner {
  readonly #ports: RunnerPorts;
  readonly #instances = new Map<number, Instance | Promise<Instance>>();
  readonly #answers = new AnswerWriter();
  #isTaking = false;
  #isFlushing = false;

  constructor(ports: RunnerPorts) {
    this.#ports = ports;
  }

  /** Takes a batch of questions; what can be answered at once is. */
  take(batch: Buffer): void {
    this.#isTaking = true;
    for (let offset = 0; offset < batch.length;) {
      const end = offset + 4 + batch.readUInt32LE(offset);
      this.#question(new FrameReader(batch, offset + 4));
      offset = end;
    }
    this.#isTaking = false;
    this.#flush();
  }

  #question(reader: FrameReader): void {
    const kind = reader.u8();
    const call = reader.u32();
    const id = reader.u32();
    if (kind === LOAD) this.#load(call, id, reader.utf8(), reader.utf8());
    else if (kind === RELEASE) this.#instances.delete(id);
    else if (kind === REQUEST || kind === RESPONSE) this.#ask(kind, call, id, new ShownMessage(reader));
  }

  #load(call: number, id: number, module: string, config: string): void {
    const known = this.#instances.get(id);
    const loading = known === undefined ? this.#instantiate(module, config) : Promise.resolve(known);
    if (known === undefined) {
      this.#instances.set(id, loading);
      loading.then(
        // Nobody may want it any more.
        (instance) => this.#instances.has(id) && this.#instances.set(id, instance),
        (error: unknown) => {
          this.#instances.delete(id);
          if (call === 0) this.#ports.onFailure(module, error);
        },
      );
    }
    if (call === 0) return;
    loading.then(
      ({ filter }) => this.#loaded(call, filter),
      (error: unknown) => this.#refuse(call, error),
    );
  }

  async #instantiate(module: string, json: string): Promise<Instance> {
    const filter = filterOf(await this.#ports.load(module));
    const config = json === "" ? undefined : JSON.parse(json);
    try {
      return { module, filter, config: filter.parseConfig === undefined ? config : filter.parseConfig(config) };
    } catch (error) {
      throw new ConfigRefusal(describe(error), { cause: error });
    }
  }

  #ask(kind: number, call: number, id: number, message: ShownMessage): void {
    const instance = this.#instances.get(id);
    if (instance === undefined) return this.#fail(call, "", new Error("the filter is not loaded"));
    if (instance instanceof Promise) {
      instance.then(
        (loaded) => this.#run(kind, call, loaded, message),
        () => this.#fail(call, "", new Error("the filter is not loaded")),
      );
      return;
    }
    this.#run(kind, call, instance, message);
  }

  #run(kind: number, call: number, instance: Instance, message: ShownMessage): void {
    const { filter, module } = instance;
    try {
      const context = toContext(message, instance.config);
      const result = kind === REQUEST ? filter.onRequest?.(message, context) : filter.onResponse?.(message, context);
      if (result instanceof Promise) void this.#await(call, message, module, result);
      else this.#answer(call, message, result);
    } catch (error) {
      this.#fail(call, module, error);
    }
  }

  async #await(call: number, message: ShownMessage, module: string, result: Promise<unknown>): Promise<void> {
    try {
      this.#answer(call, message, await result);
    } catch (error) {
      this.#fail(call, module, error);
    }
  }

  #answer(call: number, message: ShownMessage, result: unknown): void {
    writeAnswer(this.#answers, call, message, result);
    this.#flushSoon();
  }

  #fail(call: number, module: string, error: unknown): void {
    this.#ports.onFailure(module, error);
    this.#answers.begin(call, FAILED);
    this.#answers.end();
    this.#flushSoon();
  }

  #loaded(call: number, { requestBody, responseBody, onRequest, onResponse }: Filter<unknown>): void {
    this.#answers.begin(call, LOADED);
    this.#answers.u8(
      (onRequest === undefined ? 0 : ON_REQUEST) +
        (onResponse === undefined ? 0 : ON_RESPONSE) +
        (requestBody === undefined ? 0 : REQUEST_BODY) +
        (requestBody?.allowPartial === true ? PARTIAL_REQUEST_BODY : 0) +
        (responseBody === undefined ? 0 : RESPONSE_BODY) +
        (responseBody?.allowPartial === true ? PARTIAL_RESPONSE_BODY : 0),
    );
    this.#answers.u32(requestBody?.maxBytes ?? 0);
    this.#answers.u32(responseBody?.maxBytes ?? 0);
    this.#answers.end();
    this.#flushSoon();
  }

  #refuse(call: number, error: unknown): void {
    this.#answers.begin(call, NOT_LOADED);
    this.#answers.u8(error instanceof ConfigRefusal ? 1 : 0);
    this.#answers.content(describe(error));
    this.#answers.end();
    this.#flushSoon();
  }

  /** Answers that come in one turn of the event loop are handed over together. */
  #flushSoon(): void {
    if (this.#isTaking || this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#answers.isEmpty) this.#ports.answer(this.#answers.take());
  }
}

/** A configuration that its filter does not take. */
class ConfigRefusal extends Error {
  override readonly name = "ConfigRefusal";
}

/** The message of an error, on one line and not too long. */
export function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, "; ").slice(0, MAX_MESSAGE);
}

const MAX_MESSAGE = 500;

function filterOf(exported: Readonly<Record<string, unknown>>): Filter<unknown> {
  for (const value of [exported["filter"], exported["default"]]) if (isFilter(value)) return value;
  throw new TypeError("exports no filter; write: export const filter = defineFilter({ … })");
}
