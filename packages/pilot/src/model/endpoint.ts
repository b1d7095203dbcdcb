import type { Workload } from "./workload.ts";

/** One address of one port of a service. */
export interface Endpoint {
  /** IP address, host name (services resolved by DNS) or `unix://` path. */
  readonly address: string;
  /** 0 for a `unix://` path. */
  readonly port: number;
  /** Relative share, at least 1. */
  readonly weight: number;
  /** Who is behind it: labels, identity, locality, origin. */
  readonly workload: Workload;
}

/** Endpoints of a service by service port number; the same object from snapshot to snapshot while none of them changes. */
export type EndpointSet = ReadonlyMap<number, readonly Endpoint[]>;

export const NO_ENDPOINTS: EndpointSet = new Map();
