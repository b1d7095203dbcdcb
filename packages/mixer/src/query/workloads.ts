import type { WorkloadsAnswer } from "@fairlead/api";
import type { WorkloadDirectory } from "../aggregate/workload-directory.ts";
import { toIso } from "./range.ts";

/** A workload whose last report is older is not reporting: proxies report every few seconds. */
const REPORTING_MS = 60_000;

/** Answers GET /api/v1/workloads. */
export function listWorkloads(directory: WorkloadDirectory, nowMs: number): WorkloadsAnswer {
  const workloads = directory.all().map(({ workload, firstSeenMs, lastSeenMs }) => ({
    name: workload.name,
    namespace: workload.namespace,
    service: workload.service,
    version: workload.version,
    principal: workload.principal,
    cluster: workload.cluster,
    nodeId: workload.nodeId,
    firstSeen: toIso(firstSeenMs),
    lastSeen: toIso(lastSeenMs),
    reporting: lastSeenMs > nowMs - REPORTING_MS,
  }));
  return { workloads: workloads.toSorted((a, b) => `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`)) };
}
