import { create, type DescField, fromBinary, type Message, type Registry, toBinary } from "@bufbuild/protobuf";
import { isReflectMessage, reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";

/** Sees every message of a resource, from the outside to the inside, those in an `Any` too; it may change them. */
export type Visit = (message: ReflectMessage) => void;

/** A resource for people: with `[redacted]` in the place of secrets, and without what is of a type that we do not know. */
export function toPrintable(typeUrl: string, bytes: Uint8Array, types: Registry): Any {
  return rewrite({ typeUrl, value: bytes }, types, redact);
}

/** Shows every message of a resource to `visit`. */
export function visitResource(typeUrl: string, bytes: Uint8Array, types: Registry, visit: Visit): void {
  rewrite({ typeUrl, value: bytes }, types, visit);
}

/** What stands for a secret, as Envoy writes it. */
export const REDACTED = "[redacted]";

type Packed = Pick<Any, "typeUrl" | "value">;

/** Messages in one another; nobody nests so deep, and a stack has an end. */
const DEPTH_LIMIT = 64;

function rewrite({ typeUrl, value }: Packed, types: Registry, visit: Visit, depth = 0): Any {
  const schema = types.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  // A message without fields is what is left of what cannot be read.
  if (schema === undefined || depth > DEPTH_LIMIT) return create(AnySchema, { typeUrl });
  let message: Message;
  try {
    message = fromBinary(schema, value);
  } catch {
    return create(AnySchema, { typeUrl });
  }
  walk(reflect(schema, message), types, visit, depth);
  return create(AnySchema, { typeUrl, value: toBinary(schema, message, { writeUnknownFields: false }) });
}

function walk(message: ReflectMessage, types: Registry, visit: Visit, depth: number): void {
  visit(message);
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    for (const child of childrenOf(message, field)) {
      if (child.desc.typeName === AnySchema.typeName) rewriteInPlace(child, types, visit, depth + 1);
      else if (!child.desc.typeName.startsWith("google.protobuf.")) walk(child, types, visit, depth + 1);
    }
  }
}

function rewriteInPlace(child: ReflectMessage, types: Registry, visit: Visit, depth: number): void {
  const any = child.message;
  if (!isAny(any)) return;
  any.value = rewrite(any, types, visit, depth).value;
}

function isAny(message: Message): message is Any {
  return message.$typeName === AnySchema.typeName;
}

function childrenOf(message: ReflectMessage, field: DescField): readonly ReflectMessage[] {
  if (field.fieldKind === "message") return [message.get(field)];
  if (field.fieldKind === "list" && field.listKind === "message") return [...message.get(field)].filter((item) => isReflectMessage(item));
  if (field.fieldKind === "map" && field.mapKind === "message")
    return [...message.get(field).values()].filter((item) => isReflectMessage(item));
  return [];
}

/** Fields that Envoy marks as sensitive, by message. */
const SENSITIVE: Readonly<Record<string, ReadonlySet<string>>> = {
  "envoy.extensions.transport_sockets.tls.v3.TlsCertificate": new Set(["private_key", "password", "pkcs12"]),
};

function redact(message: ReflectMessage): void {
  const names = SENSITIVE[message.desc.typeName];
  if (names === undefined) return;
  for (const field of message.fields) {
    if (!names.has(field.name) || field.fieldKind !== "message" || !message.isSet(field)) continue;
    // A DataSource: whichever way it names the secret.
    const source = message.get(field);
    for (const inner of source.fields) {
      if (inner.fieldKind !== "scalar" || !source.isSet(inner)) continue;
      source.set(inner, typeof source.get(inner) === "string" ? REDACTED : Buffer.from(REDACTED));
    }
  }
}
