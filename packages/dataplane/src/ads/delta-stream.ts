import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Client } from "@grpc/grpc-js";
import { AggregatedDiscoveryService } from "@fairlead/api/gen/envoy/service/discovery/v3/ads_pb";
import {
  type DeltaDiscoveryResponse,
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import type { NodeIdentity } from "../bootstrap.ts";
import type { ResourceUpsert } from "../native/engine.ts";
import type { DiscoveryListener, DiscoveryStream, Update } from "./discovery-stream.ts";
import { openGrpcCall } from "../grpc-call.ts";
import { toNodeMessage, toStatusMessage } from "./node-message.ts";
import type { ResourceStore } from "./resource-store.ts";
import { compareInterest, type Interest } from "./subscription.ts";

export interface DiscoveryStreamOptions {
  readonly client: Client;
  readonly node: NodeIdentity;
  readonly store: ResourceStore;
  readonly listener: DiscoveryListener;
}

const METHOD = `/${AggregatedDiscoveryService.typeName}/${AggregatedDiscoveryService.method.deltaAggregatedResources.name}`;

/** Opens an incremental ADS stream (xDS protocol, "Incremental xDS"). */
export function openDeltaStream({ client, node, store, listener }: DiscoveryStreamOptions): DiscoveryStream {
  const subscribed = new Map<string, Interest>();
  let isFirst = true;
  const call = openGrpcCall({
    client,
    method: METHOD,
    serialize: (message: DeltaDiscoveryRequest) => toBinary(DeltaDiscoveryRequestSchema, message),
    deserialize: (bytes) => fromBinary(DeltaDiscoveryResponseSchema, bytes),
    onMessage: (response) => listener.onUpdate(toUpdate(response)),
    onEnd: listener.onEnd,
  });
  const send = (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void => {
    // The protocol wants the node in the first request only.
    call.send(create(DeltaDiscoveryRequestSchema, isFirst ? { ...request, node: toNodeMessage(node) } : request));
    isFirst = false;
  };
  return {
    subscribe(typeUrl, interest) {
      const before = subscribed.get(typeUrl);
      const { added, removed } = compareInterest(before, interest);
      // A wildcard is asked for by a first request without names; asking for no names at all would mean the same.
      const isNews = before === undefined ? interest.kind === "wildcard" || added.length > 0 : added.length > 0 || removed.length > 0;
      if (!isNews) return;
      subscribed.set(typeUrl, interest);
      send({
        typeUrl,
        resourceNamesSubscribe: [...added],
        resourceNamesUnsubscribe: [...removed],
        ...(before === undefined ? { initialResourceVersions: initialVersions(store, typeUrl, interest) } : {}),
      });
    },
    answer(update, error) {
      send({
        typeUrl: update.typeUrl,
        responseNonce: update.nonce,
        ...(error === undefined ? {} : { errorDetail: toStatusMessage(error) }),
      });
    },
    pause: () => call.pause(),
    resume: () => call.resume(),
    close: () => call.cancel(),
  };
}

/** What we have already and do not need again. */
function initialVersions(store: ResourceStore, typeUrl: string, interest: Interest): Record<string, string> {
  const resources = store.resources(typeUrl).filter(({ name }) => interest.kind === "wildcard" || interest.names.has(name));
  return Object.fromEntries(resources.map(({ name, version }) => [name, version]));
}

function toUpdate(response: DeltaDiscoveryResponse): Update {
  const upserts = response.resources.flatMap(({ name, version, resource }): readonly ResourceUpsert[] =>
    // Without a body it is a heartbeat for a time to live.
    resource === undefined ? [] : [{ name, version, bytes: resource.value }],
  );
  return {
    typeUrl: response.typeUrl,
    nonce: response.nonce,
    version: response.systemVersionInfo,
    upserts,
    removed: response.removedResources,
    scope: "difference",
  };
}
