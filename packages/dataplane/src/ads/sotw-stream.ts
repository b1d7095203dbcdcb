import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { AggregatedDiscoveryService } from "@fairlead/api/gen/envoy/service/discovery/v3/ads_pb";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
  ResourceSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { messageOf } from "@fairlead/kit";
import type { ResourceUpsert } from "../native/engine.ts";
import type { DiscoveryStreamOptions } from "./delta-stream.ts";
import type { DiscoveryStream, Update } from "./discovery-stream.ts";
import { openGrpcCall } from "../grpc-call.ts";
import { toNodeMessage, toStatusMessage } from "./node-message.ts";
import { nameOfResource } from "./references.ts";
import { NAME_TABLE } from "./type-urls.ts";
import { compareInterest, type Interest } from "./subscription.ts";

const METHOD = `/${AggregatedDiscoveryService.typeName}/${AggregatedDiscoveryService.method.streamAggregatedResources.name}`;

interface Subscription {
  interest: Interest;
  /** Of the last response that was answered; empty before the first. */
  nonce: string;
}

/** Opens a state-of-the-world ADS stream (xDS protocol, "Basic protocol overview"). */
export function openSotwStream({ client, node, store, listener }: DiscoveryStreamOptions): DiscoveryStream {
  const subscriptions = new Map<string, Subscription>();
  let isFirst = true;
  const call = openGrpcCall({
    client,
    method: METHOD,
    serialize: (message: DiscoveryRequest) => toBinary(DiscoveryRequestSchema, message),
    deserialize: (bytes) => fromBinary(DiscoveryResponseSchema, bytes),
    onMessage(response) {
      const update = toUpdate(response);
      if (update instanceof Error) {
        call.cancel();
        listener.onEnd(update);
      } else listener.onUpdate(update);
    },
    onEnd: listener.onEnd,
  });
  const send = (typeUrl: string, subscription: Subscription, extra?: MessageInitShape<typeof DiscoveryRequestSchema>): void => {
    const { interest, nonce } = subscription;
    const resourceNames = interest.kind === "named" ? [...interest.names] : [];
    const request = { typeUrl, resourceNames, versionInfo: store.version(typeUrl), responseNonce: nonce, ...extra };
    call.send(create(DiscoveryRequestSchema, isFirst ? { ...request, node: toNodeMessage(node) } : request));
    isFirst = false;
  };
  return {
    subscribe(typeUrl, interest) {
      const subscription = subscriptions.get(typeUrl);
      const { added, removed } = compareInterest(subscription?.interest, interest);
      if (subscription === undefined) {
        // Asking for no names would mean asking for all.
        if (interest.kind === "named" && added.length === 0) return;
        const first = { interest, nonce: "" };
        subscriptions.set(typeUrl, first);
        send(typeUrl, first);
      } else if (added.length > 0 || removed.length > 0) {
        subscription.interest = interest;
        send(typeUrl, subscription);
      }
    },
    answer(update, error) {
      const subscription = subscriptions.get(update.typeUrl);
      // An unasked-for type gets no answer: there is no subscription that the answer could name.
      if (subscription === undefined) return;
      subscription.nonce = update.nonce;
      send(update.typeUrl, subscription, error === undefined ? {} : { errorDetail: toStatusMessage(error) });
    },
    pause: () => call.pause(),
    resume: () => call.resume(),
    close: () => call.cancel(),
  };
}

function toUpdate({ typeUrl, nonce, versionInfo: version, resources }: DiscoveryResponse): Update | Error {
  try {
    const upserts = resources.map((resource) => toUpsert(resource, version));
    return { typeUrl, nonce, version, upserts, removed: [], scope: "state" };
  } catch (error) {
    return new Error(`unreadable resource of type ${typeUrl}: ${messageOf(error)}`);
  }
}

function toUpsert(any: Any, version: string): ResourceUpsert {
  // A server may wrap a resource to give it a name and a time to live (xDS protocol, "TTL").
  const wrapper = any.typeUrl.endsWith(`/${ResourceSchema.typeName}`) ? anyUnpack(any, ResourceSchema) : undefined;
  const bytes = wrapper?.resource?.value ?? any.value;
  return { name: wrapper?.name || nameIn(wrapper?.resource?.typeUrl ?? any.typeUrl, bytes), version, bytes };
}

/** The table of all names has none itself. */
function nameIn(typeUrl: string, bytes: Uint8Array): string {
  return typeUrl === NAME_TABLE ? "" : nameOfResource(bytes);
}
