import type { PilotObject } from "@fairlead/api";
import type { Origin, Problem } from "@fairlead/kit";
import type { ProxyStream } from "../stream/proxy-stream.ts";
import { allResources, NO_RESOURCES } from "../xds/xds-snapshot.ts";
import { resourceState } from "./proxy-status.ts";

/** An object of the user's, as far as its status is concerned. */
export interface StatusSubject {
  readonly origin: Origin;
}

/** Says of every object, also of those that were never good, what is wrong with it and which proxies run it. */
export function toObjectStatus(
  objects: readonly StatusSubject[],
  problems: readonly Problem[],
  streams: readonly ProxyStream[],
): readonly PilotObject[] {
  const origins = new Map(objects.map(({ origin }) => [keyOf(origin), origin]));
  const problemsByKey = Map.groupBy(problems, (problem) => keyOf(problem.origin));
  for (const problem of problems) if (!origins.has(keyOf(problem.origin))) origins.set(keyOf(problem.origin), problem.origin);
  const delivery = deliveries(streams);
  return [...origins].map(([key, origin]) => {
    const own = problemsByKey.get(key) ?? [];
    const { needed = 0, delivered = 0, rejectedBy = [] } = delivery.get(key) ?? {};
    return {
      kind: origin.kind,
      namespace: origin.namespace,
      name: origin.name,
      origin,
      accepted: own.every((problem) => problem.severity !== "error"),
      problems: own,
      delivered,
      needed,
      rejectedBy,
    };
  });
}

interface Delivery {
  readonly needed: number;
  readonly delivered: number;
  readonly rejectedBy: readonly string[];
}

/** For each object that something was made from: how many proxies should run it, do run it, refused it. */
function deliveries(streams: readonly ProxyStream[]): ReadonlyMap<string, Delivery> {
  const all = new Map<string, Delivery>();
  for (const stream of streams) {
    for (const [key, state] of worstStates(stream)) {
      const known = all.get(key) ?? { needed: 0, delivered: 0, rejectedBy: [] };
      all.set(key, {
        needed: known.needed + 1,
        delivered: known.delivered + (state === "synced" ? 1 : 0),
        rejectedBy: state === "rejected" ? [...known.rejectedBy, stream.proxy.id] : known.rejectedBy,
      });
    }
  }
  return all;
}

type State = "synced" | "stale" | "rejected";

function worstStates(stream: ProxyStream): ReadonlyMap<string, State> {
  const states = new Map<string, State>();
  for (const resource of allResources(stream.snapshot ?? NO_RESOURCES)) {
    const state = resourceState(stream.subscriptionOf(resource.type), resource);
    if (state === "not-sent") continue;
    for (const key of new Set(resource.origins().map(keyOf))) {
      const known = states.get(key);
      if (known === undefined || known === "synced" || state === "rejected") states.set(key, state);
    }
  }
  return states;
}

function keyOf(origin: Origin): string {
  return `${origin.kind}/${origin.namespace}/${origin.name}`;
}
