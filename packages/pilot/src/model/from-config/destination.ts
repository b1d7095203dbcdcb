import type { ConfigObject, DestinationSpec, FieldPath, HeadersSpec } from "@fairlead/crds";
import { resolveHost } from "../hostname.ts";
import type { Destination, HeaderChange, HeaderOperations } from "../routing-rule.ts";

/** What the parts of a routing rule need to know about the whole. */
export interface RuleContext {
  readonly object: ConfigObject<"VirtualService">;
  readonly clusterDomain: string;
}

const NO_CHANGE: HeaderChange = { set: {}, add: {}, remove: [] };
export const NO_HEADER_OPERATIONS: HeaderOperations = { request: NO_CHANGE, response: NO_CHANGE };

export function toDestination(context: RuleContext, destination: DestinationSpec, path: FieldPath): Destination {
  const { object, clusterDomain } = context;
  return {
    host: resolveHost(destination.host, object.namespace, clusterDomain),
    subset: destination.subset,
    port: destination.port?.number,
    origin: object.originOf(path),
  };
}

export function toHeaderOperations(headers: HeadersSpec | undefined): HeaderOperations {
  if (headers === undefined) return NO_HEADER_OPERATIONS;
  return { request: headers.request ?? NO_CHANGE, response: headers.response ?? NO_CHANGE };
}
