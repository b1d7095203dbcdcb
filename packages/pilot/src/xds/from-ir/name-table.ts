import { create } from "@bufbuild/protobuf";
import { type NameTable as XdsNameTable, NameTableSchema } from "@fairlead/api/gen/istio/networking/nds/v1/nds_pb";
import type { HostNames, NameTable } from "../../ir/name-table.ts";

/** `istio.networking.nds.v1.NameTable`, which Istio's agents understand too. */
export function toNameTable({ hosts }: NameTable): XdsNameTable {
  return create(NameTableSchema, { table: Object.fromEntries(hosts.map((names) => [names.host, toNameInfo(names)])) });
}

/** Short names are for what comes from Kubernetes only; what is named like it is meant the same way. */
function toNameInfo({ addresses, service }: HostNames) {
  return service === undefined
    ? { ips: [...addresses], registry: "External" }
    : { ips: [...addresses], registry: "Kubernetes", shortname: service.name, namespace: service.namespace };
}
