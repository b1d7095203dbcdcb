import type { PilotProxy, PilotProxyType, PilotResource, PilotSyncState } from "@fairlead/api";
import type { ProxyStream } from "../stream/proxy-stream.ts";
import type { Subscription } from "../stream/subscription.ts";
import { RESOURCE_TYPES, type ResourceType } from "../xds/resource-type.ts";
import { toReadable } from "../xds/to-json.ts";
import { allResources, NO_RESOURCES, type Resource } from "../xds/xds-snapshot.ts";

const BAD_FIRST: readonly PilotSyncState[] = ["rejected", "stale", "not-sent", "synced"];

/** Whether a proxy runs what it should, type by type. */
export function toProxyStatus(stream: ProxyStream): PilotProxy {
  const { proxy } = stream;
  const types = RESOURCE_TYPES.map((type) => toTypeStatus(stream, type));
  const asked = types.filter((type) => type.state !== "not-sent");
  return {
    id: proxy.id,
    name: proxy.name,
    namespace: proxy.namespace,
    kind: proxy.kind,
    address: proxy.address,
    adminAddress: proxy.adminAddress,
    engine: proxy.engine,
    connectedAtMs: stream.connectedAtMs,
    protocol: stream.protocol,
    state: asked.length === 0 ? "not-sent" : worst(asked.map((type) => type.state)),
    types,
  };
}

/** All resources of a proxy, readable, with their states. */
export function toProxyResources(stream: ProxyStream): readonly PilotResource[] {
  return allResources(stream.snapshot ?? NO_RESOURCES).map((resource) => ({
    type: resource.type,
    name: resource.name,
    version: resource.version,
    state: resourceState(stream.subscriptionOf(resource.type), resource),
    resource: toReadable(resource.message()),
  }));
}

/** Whether the client runs the newest version of a resource. */
export function resourceState(subscription: Subscription | undefined, resource: Resource): PilotSyncState {
  if (subscription === undefined || !subscription.wants(resource.name)) return "not-sent";
  if (subscription.rejected.get(resource.name)?.version === resource.version) return "rejected";
  return subscription.acknowledged.get(resource.name) === resource.version ? "synced" : "stale";
}

function toTypeStatus(stream: ProxyStream, type: ResourceType): PilotProxyType {
  const subscription = stream.subscriptionOf(type);
  const resources = [...(stream.snapshot ?? NO_RESOURCES)[type].values()].filter((resource) => subscription?.wants(resource.name) === true);
  const states = resources.map((resource) => resourceState(subscription, resource));
  return {
    type,
    state: subscription?.answered !== true ? "not-sent" : states.length === 0 ? "synced" : worst(states),
    resources: resources.length,
    acknowledged: states.filter((state) => state === "synced").length,
    rejections: resources.flatMap((resource) => {
      const rejection = subscription?.rejected.get(resource.name);
      if (rejection?.version !== resource.version) return [];
      return [{ name: resource.name, version: resource.version, message: rejection.message, origins: resource.origins() }];
    }),
  };
}

function worst(states: readonly PilotSyncState[]): PilotSyncState {
  return BAD_FIRST.find((state) => states.includes(state)) ?? "synced";
}
