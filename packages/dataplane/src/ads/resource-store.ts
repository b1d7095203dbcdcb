import type { ProxyResourceProblem, ProxyXdsTypeStatus } from "@fairlead/api";
import type { Clock } from "@fairlead/kit";
import type { EngineProblem, ResourceUpsert } from "../native/engine.ts";
import { describeEngineProblem } from "../native/engine.ts";
import { endpointsOfCluster, routesOfListener } from "./references.ts";
import { CLUSTER, LISTENER } from "./type-urls.ts";

/** A resource that the engine has taken, in the last version that was good. */
export interface StoredResource extends ResourceUpsert {
  /** Names that it refers to: load assignments of a cluster, route configurations of a listener. */
  readonly references: readonly string[];
  /** When the engine took it, in milliseconds since 1970. */
  readonly updatedMs: number;
}

/** A resource whose newest version the engine did not take. */
export interface RefusedResource extends ProxyResourceProblem {
  /** When it was refused, in milliseconds since 1970. */
  readonly refusedMs: number;
}

/** What the proxy has of every resource type: accepted resources, refused ones and counts. Streams come and go, this stays. */
export class ResourceStore {
  readonly #types = new Map<string, TypeState>();
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Every name that the server has sent and not removed, refused ones included. */
  names(typeUrl: string): readonly string[] {
    const { accepted, refused } = this.#state(typeUrl);
    return [...new Set([...accepted.keys(), ...refused.keys()])];
  }

  get(typeUrl: string, name: string): StoredResource | undefined {
    return this.#state(typeUrl).accepted.get(name);
  }

  resources(typeUrl: string): readonly StoredResource[] {
    return [...this.#state(typeUrl).accepted.values()];
  }

  refused(typeUrl: string): readonly RefusedResource[] {
    return [...this.#state(typeUrl).refused.values()];
  }

  /** Everything that accepted resources of the type refer to. */
  references(typeUrl: string): ReadonlySet<string> {
    return new Set(this.resources(typeUrl).flatMap((resource) => resource.references));
  }

  /** Version of the last response that was taken as a whole; the state-of-the-world protocol sends it back. */
  version(typeUrl: string): string {
    return this.#state(typeUrl).version;
  }

  /** Records what the engine made of a response; the answer is the text of the NACK, undefined for an ACK. */
  record(typeUrl: string, update: AppliedUpdate): string | undefined {
    const state = this.#state(typeUrl);
    const errors = update.problems.filter((problem) => problem.severity === "error");
    const refused = refusedNames(update.upserts, errors);
    const nowMs = this.#clock.now();
    for (const upsert of update.upserts) {
      const text = refused.get(upsert.name);
      if (text === undefined) {
        // Copied: what came from the wire is a window into a whole response, which would stay in memory with it.
        state.accepted.set(upsert.name, {
          ...upsert,
          bytes: new Uint8Array(upsert.bytes),
          references: referencesOf(typeUrl, upsert.bytes),
          updatedMs: nowMs,
        });
        state.refused.delete(upsert.name);
      } else {
        state.refused.set(upsert.name, { name: upsert.name, version: upsert.version, reason: text, refusedMs: nowMs });
      }
    }
    this.forget(typeUrl, update.removed);
    if (errors.length > 0) {
      state.rejectedCount += 1;
      return errors.slice(0, MAX_ERRORS_IN_NACK).map(describeEngineProblem).join("; ");
    }
    state.version = update.version;
    state.acknowledgedCount += 1;
    return undefined;
  }

  forget(typeUrl: string, names: readonly string[]): void {
    const state = this.#state(typeUrl);
    for (const name of names) {
      state.accepted.delete(name);
      state.refused.delete(name);
    }
  }

  get isEmpty(): boolean {
    return [...this.#types.values()].every((state) => state.accepted.size === 0);
  }

  status(typeUrl: string): ProxyXdsTypeStatus {
    const state = this.#state(typeUrl);
    return {
      typeUrl,
      resources: state.accepted.size,
      acknowledged: state.acknowledgedCount,
      rejected: state.rejectedCount,
      problems: [...state.refused.values()].map(({ name, version, reason }) => ({ name, version, reason })),
    };
  }

  #state(typeUrl: string): TypeState {
    const existing = this.#types.get(typeUrl);
    if (existing !== undefined) return existing;
    const state = { accepted: new Map(), refused: new Map(), version: "", acknowledgedCount: 0, rejectedCount: 0 };
    this.#types.set(typeUrl, state);
    return state;
  }
}

export interface AppliedUpdate {
  readonly version: string;
  readonly upserts: readonly ResourceUpsert[];
  readonly removed: readonly string[];
  readonly problems: readonly EngineProblem[];
}

interface TypeState {
  readonly accepted: Map<string, StoredResource>;
  readonly refused: Map<string, RefusedResource>;
  version: string;
  acknowledgedCount: number;
  rejectedCount: number;
}

/** A NACK is read by people; the first few errors say what is wrong, and gRPC bounds its size. */
const MAX_ERRORS_IN_NACK = 20;

function refusedNames(upserts: readonly ResourceUpsert[], errors: readonly EngineProblem[]): ReadonlyMap<string, string> {
  const names = new Set(upserts.map((upsert) => upsert.name));
  const refused = new Map<string, string>();
  for (const error of errors) {
    // An error about nothing in particular is one about everything in the response.
    for (const name of names.has(error.name) ? [error.name] : names) {
      const before = refused.get(name);
      const text = describeEngineProblem({ ...error, name: "" });
      refused.set(name, before === undefined ? text : `${before}; ${text}`);
    }
  }
  return refused;
}

function referencesOf(typeUrl: string, bytes: Uint8Array): readonly string[] {
  if (typeUrl === LISTENER) return routesOfListener(bytes);
  if (typeUrl !== CLUSTER) return [];
  const endpoints = endpointsOfCluster(bytes);
  return endpoints === undefined ? [] : [endpoints];
}
