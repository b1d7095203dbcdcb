import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type DiscoveryRequest, DiscoveryRequestSchema } from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { isWildcardType } from "../xds/resource-type.ts";
import type { Resource } from "../xds/xds-snapshot.ts";
import type { SendContext, StreamProtocol, StreamRequest } from "./proxy-stream.ts";
import type { Subscription } from "./subscription.ts";

const WILDCARD = "*";
/** Field numbers of `DiscoveryResponse`. */
const RESPONSE = { versionInfo: 1, resources: 2, typeUrl: 4, nonce: 5 } as const;

export interface SotwRequest extends StreamRequest {
  readonly message: DiscoveryRequest;
}

export function readSotwRequest(bytes: Uint8Array): SotwRequest {
  const message = fromBinary(DiscoveryRequestSchema, bytes);
  return { message, typeUrl: message.typeUrl, nonce: message.responseNonce, rejection: message.errorDetail?.message };
}

/**
 * The state-of-the-world protocol. A response for listeners or clusters holds all of them, and what is missing is gone; of the other types it holds
 * what changed, and clients forget by themselves what nothing refers to (xDS protocol, "Grouping resources into responses").
 */
export function sotwProtocol(write: (response: Uint8Array) => void): StreamProtocol<SotwRequest> {
  const send = (subscription: Subscription, resources: readonly Resource[], removed: readonly string[], context: SendContext): void => {
    write(encodeResponse(resources, context));
    subscription.noteSent(context.nonce, resources, removed);
  };
  return {
    subscribe(subscription, { message }, { isFirst, type }) {
      const names = new Set(message.resourceNames);
      const hasWildcard = names.delete(WILDCARD);
      // Every request says the whole subscription. One without names asks for everything, if none before had any.
      subscription.wildcard =
        hasWildcard || (names.size === 0 && (isFirst || subscription.wildcard) && (type === undefined || isWildcardType(type)));
      for (const name of names) if (!subscription.names.has(name)) subscription.due.add(name);
      for (const name of subscription.names) if (!names.has(name)) forget(subscription, name);
      for (const name of names) subscription.names.add(name);
    },
    sendUpserts(subscription, upserts, context) {
      const isWhole = context.type !== undefined && isWildcardType(context.type);
      send(subscription, isWhole ? withRest(subscription, context) : upserts, [], context);
    },
    sendRemovals(subscription, removals, context) {
      const isWhole = context.type !== undefined && isWildcardType(context.type);
      if (isWhole) send(subscription, wanted(subscription, context), removals, context);
      else {
        for (const name of removals) forgetSent(subscription, name);
        if (!subscription.answered) send(subscription, [], [], context);
      }
    },
  };
}

/** Everything the client should have, and what it still has to keep until nothing points at it any more. */
function withRest(subscription: Subscription, context: SendContext): readonly Resource[] {
  const rest = [...subscription.sent].flatMap(([name, { resource }]) =>
    resource === undefined || context.current.has(name) ? [] : [resource],
  );
  return [...wanted(subscription, context), ...rest];
}

function wanted(subscription: Subscription, context: SendContext): readonly Resource[] {
  return [...context.current.values()].filter((resource) => subscription.wants(resource.name));
}

function forget(subscription: Subscription, name: string): void {
  subscription.names.delete(name);
  forgetSent(subscription, name);
}

function forgetSent(subscription: Subscription, name: string): void {
  subscription.sent.delete(name);
  subscription.acknowledged.delete(name);
  subscription.rejected.delete(name);
  subscription.due.delete(name);
}

function encodeResponse(resources: readonly Resource[], context: SendContext): Uint8Array {
  const version = createHash("sha256");
  for (const resource of resources) version.update(resource.name).update(resource.version);
  const writer = new BinaryWriter().tag(RESPONSE.versionInfo, WireType.LengthDelimited).string(version.digest("base64url").slice(0, 16));
  for (const resource of resources) writer.tag(RESPONSE.resources, WireType.LengthDelimited).bytes(resource.any);
  return writer
    .tag(RESPONSE.typeUrl, WireType.LengthDelimited)
    .string(context.typeUrl)
    .tag(RESPONSE.nonce, WireType.LengthDelimited)
    .string(context.nonce)
    .finish();
}
