import type { Workload } from "../ingest/batch.ts";
import type { End } from "../labels.ts";
import { type SeenWorkload, workloadKey } from "./aggregate.ts";

export interface KnownWorkload {
  readonly workload: Workload;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** The workloads whose proxies report; names an end that is known by certificate only. */
export interface WorkloadDirectory {
  readonly size: number;
  add(seen: SeenWorkload): void;
  all(): readonly KnownWorkload[];
  /** The end with its names filled in as far as its principal is one workload's: of several, only what all agree on. */
  complete(end: End): End;
  /** Forgets workloads not seen since. */
  forgetBefore(timeMs: number): void;
}

const MAX_WORKLOADS = 20_000;

export function createWorkloadDirectory(stored: Iterable<KnownWorkload>): WorkloadDirectory {
  const byKey = new Map<string, KnownWorkload>();
  const byPrincipal = new Map<string, End>();
  const reindex = (principal: string): void => {
    const ends = [...byKey.values()].filter((known) => known.workload.principal === principal).map((known) => toEnd(known.workload));
    const [first] = ends;
    if (first === undefined) byPrincipal.delete(principal);
    else byPrincipal.set(principal, ends.reduce(commonEnd, first));
  };
  for (const known of stored) {
    byKey.set(workloadKey(known.workload), known);
  }
  for (const principal of new Set([...byKey.values()].map((known) => known.workload.principal))) reindex(principal);

  return {
    get size() {
      return byKey.size;
    },
    add({ workload, seenMs }) {
      const key = workloadKey(workload);
      const before = byKey.get(key);
      if (before === undefined && byKey.size >= MAX_WORKLOADS) return;
      byKey.set(key, { workload, firstSeenMs: before?.firstSeenMs ?? seenMs, lastSeenMs: seenMs });
      if (before === undefined || before.workload.service !== workload.service || before.workload.cluster !== workload.cluster)
        reindex(workload.principal);
    },
    all: () => [...byKey.values()],
    complete(end) {
      if (end.workload !== "" || end.principal === "") return end;
      return byPrincipal.get(end.principal) ?? end;
    },
    forgetBefore(timeMs) {
      for (const [key, known] of byKey) {
        if (known.lastSeenMs >= timeMs) continue;
        byKey.delete(key);
        reindex(known.workload.principal);
      }
    },
  };
}

function toEnd(workload: Workload): End {
  const { name, namespace, service, version, principal, cluster } = workload;
  return { workload: name, namespace, service, version, principal, cluster };
}

function commonEnd(a: End, b: End): End {
  return {
    workload: a.workload === b.workload ? a.workload : "",
    namespace: a.namespace === b.namespace ? a.namespace : "",
    service: a.service === b.service ? a.service : "",
    version: a.version === b.version ? a.version : "",
    principal: a.principal,
    cluster: a.cluster === b.cluster ? a.cluster : "",
  };
}
