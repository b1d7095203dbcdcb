import { create, type DescMessage, type JsonObject, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { type Any, anyPack, type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { type Metadata, MetadataSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import type { Origin } from "@fairlead/kit";

/** What a message is made of: plain objects all the way down. */
export type Init<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, MessageShape<Desc>>;

/** A message with its type, for fields that hold extensions. */
export function pack<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  const message: MessageShape<Desc> = create(schema, init);
  return anyPack(schema, message);
}

export function milliseconds(durationMs: number): Duration {
  const seconds = Math.floor(durationMs / 1000);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: Math.round((durationMs - seconds * 1000) * 1_000_000) });
}

export const NO_TIME: Duration = milliseconds(0);

/** Name under which a proxy of ours finds whose configuration made a part of it, and more (see docs/architecture.md). */
export const OWN_METADATA = "fairlead.dev";

/**
 * Whether origins carry their lines. Lines move whenever something above them is edited; a proxy replaces routes at no cost, but listeners and clusters
 * only by closing connections, so those go without.
 */
export type Lines = "with-lines" | "without-lines";

/** Metadata that says which objects made something, with whatever others read; undefined where there is nothing to say. */
export function metadata(origins: readonly Origin[], lines: Lines, more: Readonly<Record<string, JsonObject>> = {}): Metadata | undefined {
  const filterMetadata: Record<string, JsonObject> = { ...more };
  if (origins.length > 0) {
    filterMetadata[OWN_METADATA] = { ...more[OWN_METADATA], origins: distinct(origins.map((origin) => toJson(origin, lines))) };
  }
  return Object.keys(filterMetadata).length === 0 ? undefined : create(MetadataSchema, { filterMetadata });
}

function distinct(origins: readonly JsonObject[]): JsonObject[] {
  return [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()];
}

function toJson(origin: Origin, lines: Lines): JsonObject {
  return {
    kind: origin.kind,
    namespace: origin.namespace,
    name: origin.name,
    ...(origin.file === undefined ? {} : { file: origin.file }),
    ...(origin.line === undefined || lines === "without-lines" ? {} : { line: origin.line }),
    ...(origin.path === undefined ? {} : { path: origin.path }),
  };
}
