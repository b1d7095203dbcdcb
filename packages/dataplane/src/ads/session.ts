import { type Cancel, type Clock, type Logger, messageOf } from "@fairlead/kit";
import type { Engine, EngineProblem, ResourceUpsert } from "../native/engine.ts";
import type { DiscoveryStream, Update } from "./discovery-stream.ts";
import type { ResourceStore } from "./resource-store.ts";
import { type Interest, named, WILDCARD } from "./subscription.ts";
import { CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, ROUTE } from "./type-urls.ts";

export interface SessionOptions {
  readonly engine: Pick<Engine, "applyXds">;
  readonly store: ResourceStore;
  /** What is asked for, in this order. */
  readonly types: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** After every update that the engine has seen. */
  readonly onApplied: (typeUrl: string) => void;
}

/** How long routes and listeners wait for the endpoints of clusters that came before them (Envoy's initial_fetch_timeout is 15 s). */
const HOLD_LIMIT_MS = 5_000;
/** Updates that may wait for the engine before the stream is paused. */
const QUEUE_LIMIT = 32;

/**
 * What happens on one stream: updates are given to the engine one by one, answered, and followed by new subscriptions. Make before break:
 * a listener or route is held back until the endpoints of the clusters that were sent before it have arrived.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #stream: DiscoveryStream;
  #queue: readonly Update[] = [];
  #isApplying = false;
  #isOver = false;
  /** Load assignments that were asked for and not answered yet. */
  #awaited: ReadonlySet<string> = new Set();
  #cancelHold: Cancel = () => undefined;

  constructor(options: SessionOptions, stream: DiscoveryStream) {
    this.#options = options;
    this.#stream = stream;
  }

  /** Subscribes to everything that is wanted as far as it is known: all of it after a reconnect, else clusters, listeners and names. */
  begin(): void {
    this.#stream.subscribe(CLUSTER, WILDCARD);
    this.#subscribe(ENDPOINT);
    this.#stream.subscribe(LISTENER, WILDCARD);
    this.#subscribe(ROUTE);
    if (this.#options.types.includes(NAME_TABLE)) this.#stream.subscribe(NAME_TABLE, WILDCARD);
  }

  receive(update: Update): void {
    this.#queue = [...this.#queue, update];
    if (this.#queue.length >= QUEUE_LIMIT) this.#stream.pause();
    void this.#applyQueue();
  }

  /** Forgets what waits; the next stream brings it again. */
  end(): void {
    this.#isOver = true;
    this.#queue = [];
    this.#cancelHold();
  }

  async #applyQueue(): Promise<void> {
    if (this.#isApplying) return;
    this.#isApplying = true;
    try {
      for (let update = this.#next(); update !== undefined; update = this.#next()) await this.#apply(update);
    } finally {
      this.#isApplying = false;
    }
  }

  /** Takes the first update that may be applied now: endpoints pass those that wait for them, nothing else does. */
  #next(): Update | undefined {
    const [head] = this.#queue;
    const isHeld = this.#awaited.size > 0 && (head?.typeUrl === LISTENER || head?.typeUrl === ROUTE);
    const next = isHeld ? this.#queue.find(({ typeUrl }) => typeUrl === ENDPOINT) : head;
    if (next === undefined) return undefined;
    this.#queue = this.#queue.filter((update) => update !== next);
    if (this.#queue.length === QUEUE_LIMIT - 1) this.#stream.resume();
    return next;
  }

  async #apply(update: Update): Promise<void> {
    if (!this.#options.types.includes(update.typeUrl)) return this.#stream.answer(update, `type ${update.typeUrl} was not asked for`);
    const { store, engine } = this.#options;
    const { upserts, removed } = toDifference(update, store, this.#interest(update.typeUrl));
    const problems = upserts.length + removed.length === 0 ? [] : await applyTo(engine, update.typeUrl, upserts, removed);
    const error = store.record(update.typeUrl, { version: update.version, upserts, removed, problems });
    this.#report(update, problems);
    if (!this.#isOver) {
      this.#stream.answer(update, error);
      await this.#follow(update);
    }
    this.#options.onApplied(update.typeUrl);
  }

  /** Subscribes to what the update refers to. */
  async #follow(update: Update): Promise<void> {
    if (update.typeUrl === CLUSTER) {
      this.#await([...this.#options.store.references(CLUSTER)].filter((name) => this.#options.store.get(ENDPOINT, name) === undefined));
      this.#subscribe(ENDPOINT);
    } else if (update.typeUrl === LISTENER) {
      this.#subscribe(ROUTE);
    } else if (update.typeUrl === ENDPOINT) {
      // A state that does not mention a name says that the server has nothing for it now.
      const answered = new Set([...update.upserts.map(({ name }) => name), ...update.removed]);
      this.#await(update.scope === "state" ? [] : [...this.#awaited].filter((name) => !answered.has(name)));
    }
    const { store } = this.#options;
    const routes = store.references(LISTENER);
    // While something that is referred to is missing the engine serves what was before, with all that it refers to.
    if (this.#awaited.size === 0) await this.#unload(ENDPOINT, store.references(CLUSTER));
    if ([...routes].every((name) => store.get(ROUTE, name) !== undefined)) await this.#unload(ROUTE, routes);
  }

  #await(names: readonly string[]): void {
    const isNew = names.some((name) => !this.#awaited.has(name));
    this.#awaited = new Set(names);
    if (names.length > 0 && !isNew) return;
    this.#cancelHold();
    if (names.length === 0) return;
    this.#cancelHold = this.#options.clock.after(HOLD_LIMIT_MS, () => {
      this.#options.logger.warn({ clusters: names.slice(0, 10), count: this.#awaited.size }, "endpoints did not arrive in time");
      this.#awaited = new Set();
      void this.#applyQueue();
    });
  }

  /** Takes from the engine what nothing refers to any more; the server will not tell, since it is unsubscribed. */
  async #unload(typeUrl: string, wanted: ReadonlySet<string>): Promise<void> {
    const { store, engine } = this.#options;
    const unwanted = store.names(typeUrl).filter((name) => !wanted.has(name));
    if (unwanted.length === 0) return;
    await applyTo(engine, typeUrl, [], unwanted);
    store.forget(typeUrl, unwanted);
  }

  #subscribe(typeUrl: string): void {
    this.#stream.subscribe(typeUrl, this.#interest(typeUrl));
  }

  #interest(typeUrl: string): Interest {
    if (typeUrl === ENDPOINT) return named(this.#options.store.references(CLUSTER));
    if (typeUrl === ROUTE) return named(this.#options.store.references(LISTENER));
    return WILDCARD;
  }

  #report(update: Update, problems: readonly EngineProblem[]): void {
    const { typeUrl, version } = update;
    for (const { severity, name, path, message } of problems.slice(0, 20)) {
      const fields = { typeUrl, version, resource: name, path, reason: message };
      if (severity === "error") this.#options.logger.error(fields, "resource rejected");
      else this.#options.logger.warn(fields, "resource accepted with a problem");
    }
  }
}

/** What of an update is new to us and wanted. */
function toDifference(update: Update, store: ResourceStore, interest: Interest): Pick<Update, "upserts" | "removed"> {
  const { typeUrl } = update;
  const upserts = update.upserts.filter(({ name }) => interest.kind === "wildcard" || interest.names.has(name));
  if (update.scope === "difference") return { upserts, removed: update.removed };
  const names = new Set(upserts.map(({ name }) => name));
  return {
    upserts: upserts.filter((upsert) => !isUnchanged(store, typeUrl, upsert)),
    // Only these are always sent whole (xDS protocol, "Grouping Resources into Responses"): absence means removal.
    removed: typeUrl === CLUSTER || typeUrl === LISTENER ? store.names(typeUrl).filter((name) => !names.has(name)) : [],
  };
}

function isUnchanged(store: ResourceStore, typeUrl: string, upsert: ResourceUpsert): boolean {
  const known = store.get(typeUrl, upsert.name);
  return known !== undefined && Buffer.compare(known.bytes, upsert.bytes) === 0;
}

/** An engine that fails altogether is an error of every resource: the server hears of it, and what served goes on serving. */
export async function applyTo(
  engine: Pick<Engine, "applyXds">,
  typeUrl: string,
  upserts: readonly ResourceUpsert[],
  removed: readonly string[],
): Promise<readonly EngineProblem[]> {
  try {
    return await engine.applyXds(typeUrl, upserts, removed);
  } catch (error) {
    const message = messageOf(error);
    return [{ severity: "error", resourceType: typeUrl, name: "", path: "", message }];
  }
}
