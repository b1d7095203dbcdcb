import { create, type JsonObject } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type Node, NodeSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { type Status, StatusSchema } from "@fairlead/api/gen/google/rpc/status_pb";
import type { JsonValue, NodeIdentity } from "../bootstrap.ts";

export function toNodeMessage(node: NodeIdentity): Node {
  const { locality } = node;
  return create(NodeSchema, {
    id: node.id,
    cluster: node.cluster,
    metadata: toJsonObject(node.metadata),
    ...(locality === undefined ? {} : { locality: { region: locality.region, zone: locality.zone, subZone: locality.subzone } }),
    userAgentName: node.userAgentName,
    userAgentVersionType: { case: "userAgentVersion", value: node.userAgentVersion },
  });
}

/** `error_detail` of a NACK. */
export function toStatusMessage(message: string): Status {
  return create(StatusSchema, { code: status.INVALID_ARGUMENT, message: message.slice(0, MAX_MESSAGE_CHARS) });
}

const MAX_MESSAGE_CHARS = 4_096;

function toJsonObject(value: { readonly [key: string]: JsonValue }): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]));
}

function toJson(value: JsonValue): JsonObject[string] {
  if (value === null || typeof value !== "object") return value;
  return isList(value) ? value.map(toJson) : toJsonObject(value);
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
