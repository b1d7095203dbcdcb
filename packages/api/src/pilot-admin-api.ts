import type { Origin, Problem } from "@fairlead/kit";

/** Pilot's admin API (HTTP, JSON, on `monitoringAddress`): what `fairlead status` and `fairlead config` read. */

/** Whether a proxy runs what Pilot wants it to run. `not-sent`: it never asked, or Pilot has nothing of the type for it. */
export type PilotSyncState = "synced" | "stale" | "rejected" | "not-sent";

/** `GET /api/v1/proxies` */
export interface PilotProxies {
  readonly proxies: readonly PilotProxy[];
}

export interface PilotProxy {
  /** xDS node id. */
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly kind: "sidecar" | "gateway";
  readonly address: string;
  /** `host:port` of the proxy's own admin API; "" where it did not say. */
  readonly adminAddress: string;
  /** Program and version. */
  readonly engine: string;
  /** Milliseconds since the Unix epoch. */
  readonly connectedAtMs: number;
  readonly protocol: "delta" | "sotw";
  /** The worst of its types. */
  readonly state: PilotSyncState;
  readonly types: readonly PilotProxyType[];
}

export interface PilotProxyType {
  readonly type: PilotResourceType;
  readonly state: PilotSyncState;
  /** How many resources it should have, and how many of them it said it runs in the newest version. */
  readonly resources: number;
  readonly acknowledged: number;
  readonly rejections: readonly PilotRejection[];
}

export type PilotResourceType = "cluster" | "endpoint" | "listener" | "route" | "name-table";

/** A resource whose newest version a proxy refused; it keeps running the last good one, if it had any. */
export interface PilotRejection {
  readonly name: string;
  readonly version: string;
  /** The proxy's words. */
  readonly message: string;
  /** Objects that the resource was made from. */
  readonly origins: readonly Origin[];
}

/** `GET /api/v1/objects` */
export interface PilotObjects {
  readonly objects: readonly PilotObject[];
}

export interface PilotObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly origin: Origin;
  /** False: the newest version is wrong; the last good one, if there was any, stays in service. */
  readonly accepted: boolean;
  readonly problems: readonly Problem[];
  /** Of `needed` connected proxies that run something made from it, how many said that they run it in the newest version. */
  readonly delivered: number;
  readonly needed: number;
  /** Node ids of proxies that rejected something made from it. */
  readonly rejectedBy: readonly string[];
}

/** `GET /api/v1/problems` */
export interface PilotProblems {
  readonly problems: readonly Problem[];
}

/** `GET /api/v1/proxies/:id/resources`; `:id` is the node id, URL-encoded, or `<name>.<namespace>`. */
export interface PilotProxyResources {
  readonly id: string;
  readonly resources: readonly PilotResource[];
}

export interface PilotResource {
  readonly type: PilotResourceType;
  readonly name: string;
  readonly version: string;
  readonly state: PilotSyncState;
  /** Envoy's resource as protobuf JSON, fields by their protobuf names. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** Body of an answer that is no success. */
export interface PilotError {
  readonly error: string;
}
