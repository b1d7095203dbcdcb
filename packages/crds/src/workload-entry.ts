import { isIP } from "node:net";
import { z } from "zod";
import { unsigned } from "./schema/common.ts";
import { isHostname, isUnixAddress, port } from "./schema/network.ts";
import { checked, type Finding, labels, object, text } from "./schema/object.ts";
import type { UnsupportedField } from "./unsupported.ts";

const PORT_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const SERVICE_ACCOUNT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

const workloadEntryFields = object({
  address: text((value) =>
    isIP(value) !== 0 || isHostname(value) || isUnixAddress(value)
      ? undefined
      : `"${value}" is neither an IP address, a host name nor unix:// and a path`,
  ).optional(),
  ports: z.record(z.string(), port).readonly().default({}),
  labels,
  network: z.string().default(""),
  locality: text((value) =>
    /^[^/]+(\/[^/]+){0,2}$/.test(value)
      ? undefined
      : { message: `"${value}" is no locality`, hint: "write region, region/zone or region/zone/subzone" },
  ).optional(),
  weight: unsigned.optional(),
  serviceAccount: text((value) => (SERVICE_ACCOUNT.test(value) ? undefined : `"${value}" is no valid service account name`)).optional(),
});

/** One running instance (networking.istio.io WorkloadEntry); also an endpoint inside a ServiceEntry. */
export const workloadEntrySchema = checked(workloadEntryFields, (entry) => [...addressFindings(entry), ...portNameFindings(entry.ports)]);

export type WorkloadEntrySpec = z.output<typeof workloadEntryFields>;

/** What of the kind this version reads but does not do. */
export const workloadEntryUnsupported: readonly UnsupportedField[] = [
  { path: "network", pattern: /./, effect: "the workload is reached by its address as from its own network" },
];

function addressFindings(entry: Pick<WorkloadEntrySpec, "address" | "network" | "ports">): readonly Finding[] {
  if (entry.address === undefined && entry.network === "")
    return [{ code: "missing-field", message: "is required", hint: "give the IP address of the workload", path: ["address"] }];
  if (entry.address !== undefined && isUnixAddress(entry.address) && Object.keys(entry.ports).length > 0)
    return [{ code: "conflicting-fields", message: "a unix socket has no ports", path: ["ports"] }];
  return [];
}

function portNameFindings(ports: WorkloadEntrySpec["ports"]): readonly Finding[] {
  return Object.keys(ports)
    .filter((name) => !PORT_NAME.test(name))
    .map((name) => ({ message: `"${name}" is no valid port name`, path: ["ports", name] }));
}
