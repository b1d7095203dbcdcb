import type { DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";

/** Paths of a `google.protobuf.FieldMask` in its text form, by the names that the proto files use. */
export function parseMask(text: string): readonly (readonly string[])[] {
  return text.split(",").flatMap((path) => (path.trim() === "" ? [] : [path.trim().split(".")]));
}

/** Whether all paths lead to a field of the message: through single messages, and through the contents of an `Any` to wherever. */
export function isMaskOf(schema: DescMessage, paths: readonly (readonly string[])[]): boolean {
  return paths.length > 0 && paths.every((path) => isPathOf(schema, path));
}

/** Leaves of an object in JSON what the paths lead to, and the names of types. */
export function applyMask(value: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const [name, child] of Object.entries(value)) {
    const rests = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    if (name === "@type" || rests.some((rest) => rest.length === 0)) kept[name] = child;
    else if (rests.length > 0 && isObject(child)) kept[name] = applyMask(child, rests);
  }
  return kept;
}

function isPathOf(schema: DescMessage, [name, ...rest]: readonly string[]): boolean {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field === undefined) return false;
  if (rest.length === 0) return true;
  if (field.fieldKind !== "message") return false;
  return field.message.typeName === AnySchema.typeName || isPathOf(field.message, rest);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
