import { fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type DeltaDiscoveryRequest, DeltaDiscoveryRequestSchema } from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import type { Resource } from "../xds/xds-snapshot.ts";
import type { SendContext, StreamProtocol, StreamRequest } from "./proxy-stream.ts";
import type { Subscription } from "./subscription.ts";

const WILDCARD = "*";
/** Field numbers of `DeltaDiscoveryResponse`. */
const RESPONSE = { systemVersionInfo: 1, resources: 2, typeUrl: 4, nonce: 5, removedResources: 6 } as const;

export interface DeltaRequest extends StreamRequest {
  readonly message: DeltaDiscoveryRequest;
}

export function readDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const message = fromBinary(DeltaDiscoveryRequestSchema, bytes);
  return { message, typeUrl: message.typeUrl, nonce: message.responseNonce, rejection: message.errorDetail?.message };
}

/** The incremental protocol: only differences, each resource with its own version (xDS protocol, "Incremental xDS"). */
export function deltaProtocol(write: (response: Uint8Array) => void): StreamProtocol<DeltaRequest> {
  const send = (subscription: Subscription, resources: readonly Resource[], removed: readonly string[], context: SendContext): void => {
    write(encodeResponse(resources, removed, context));
    subscription.noteSent(context.nonce, resources, removed);
  };
  return {
    subscribe(subscription, { message }, { isFirst }) {
      const { resourceNamesSubscribe: added, resourceNamesUnsubscribe: dropped, initialResourceVersions } = message;
      // Without any name a client's first request asks for everything.
      if (isFirst && added.length === 0) subscription.wildcard = true;
      for (const [name, version] of Object.entries(isFirst ? initialResourceVersions : {})) {
        subscription.sent.set(name, { version, resource: undefined });
        subscription.acknowledged.set(name, version);
      }
      for (const name of added) subscribeTo(subscription, name, isFirst && initialResourceVersions[name] !== undefined);
      for (const name of dropped) unsubscribeFrom(subscription, name);
    },
    sendUpserts: (subscription, upserts, context) => send(subscription, upserts, [], context),
    sendRemovals: (subscription, removals, context) => send(subscription, [], removals, context),
  };
}

function subscribeTo(subscription: Subscription, name: string, isKnownToClient: boolean): void {
  if (name === WILDCARD) {
    subscription.wildcard = true;
    return;
  }
  subscription.names.add(name);
  // Who subscribes has dropped what it had, unless it says otherwise.
  if (!isKnownToClient) subscription.due.add(name);
}

function unsubscribeFrom(subscription: Subscription, name: string): void {
  if (name === WILDCARD) subscription.wildcard = false;
  else subscription.names.delete(name);
  const kept = (candidate: string): boolean => subscription.wants(candidate);
  for (const forgotten of name === WILDCARD ? [...subscription.sent.keys()] : [name]) {
    if (kept(forgotten)) continue;
    subscription.sent.delete(forgotten);
    subscription.acknowledged.delete(forgotten);
    subscription.rejected.delete(forgotten);
    subscription.due.delete(forgotten);
  }
}

/** A response around resources that are encoded already. */
function encodeResponse(resources: readonly Resource[], removed: readonly string[], context: SendContext): Uint8Array {
  const writer = new BinaryWriter().tag(RESPONSE.systemVersionInfo, WireType.LengthDelimited).string(context.generation);
  for (const resource of resources) writer.tag(RESPONSE.resources, WireType.LengthDelimited).bytes(resource.delta);
  writer
    .tag(RESPONSE.typeUrl, WireType.LengthDelimited)
    .string(context.typeUrl)
    .tag(RESPONSE.nonce, WireType.LengthDelimited)
    .string(context.nonce);
  for (const name of removed) writer.tag(RESPONSE.removedResources, WireType.LengthDelimited).string(name);
  return writer.finish();
}
