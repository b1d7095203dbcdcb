import {
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  type MessageShape,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";

import { forPrinting } from "./types.ts";

/** JSON as Envoy's admin API writes it: fields named as in the proto files, an indent of one. */
export function formatJson(value: JsonValue): string {
  return JSON.stringify(value, undefined, 1);
}

/** A message of the admin API in that form. With `all`, fields that have their default are there too. */
export function formatMessage<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  options: { readonly all?: boolean } = {},
): string {
  return formatJson(toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: options.all ?? false }));
}

/** A message as the contents of an `Any`: with its type. */
export function toTypedJson(schema: DescMessage, message: Message, types: Registry): JsonObject {
  const json = toJson(schema, message, { useProtoFieldName: true, registry: forPrinting(types) });
  return { "@type": `type.googleapis.com/${schema.typeName}`, ...(isObject(json) ? json : {}) };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
