import { type DescMessage, type JsonObject, type Message, type Registry } from "@bufbuild/protobuf";
import { isReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { patternOf } from "../query.ts";
import type { AdminPorts } from "../ports.ts";
import { AdminRefusal } from "../refusal.ts";
import { buildDumps, type Dump } from "./dumps.ts";
import { formatJson, toTypedJson } from "./json.ts";
import { applyMask, isMaskOf, parseMask } from "./mask.ts";
import { loadTypes } from "./types.ts";

/**
 * `/config_dump` in Envoy's shape (`envoy.admin.v3.ConfigDump`), with its parameters: `include_eds`, `name_regex` (of whole names), `resource` (the
 * elements of one list), `mask`, and with `include_nds`, which Envoy does not have: the name table.
 */
export async function formatConfigDump(ports: AdminPorts, query: URLSearchParams): Promise<string> {
  const types = await loadTypes();
  const pattern = patternOf(query, "name_regex");
  const isWanted = pattern === undefined ? () => true : (name: string) => isWholeMatch(pattern, name);
  const dumps = await buildDumps(ports, {
    types,
    isWanted,
    includeNames: query.has("include_nds"),
    includeEndpoints: query.has("include_eds") || query.get("resource")?.includes("endpoint") === true,
  });
  const resource = query.get("resource") ?? "";
  const mask = query.get("mask") ?? "";
  const configs = resource === "" ? maskDumps(dumps, mask, types) : elementsOf(dumps, resource, mask, types);
  return formatJson({ configs: [...configs] });
}

function isWholeMatch(pattern: RegExp, name: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(name);
}

/** Every dump with the masked fields; those that have no such field are left out, as Envoy does. */
function maskDumps(dumps: readonly Dump[], mask: string, types: Registry): readonly JsonObject[] {
  const paths = parseMask(mask);
  const masked = paths.length === 0 ? dumps : dumps.filter(({ schema }) => isMaskOf(schema, paths));
  if (masked.length === 0) throw new AdminRefusal(400, `FieldMask ${mask} could not be successfully applied to any configs.`);
  return masked.map(({ schema, message }) => maskOne({ schema, message }, paths, types));
}

function elementsOf(dumps: readonly Dump[], resource: string, mask: string, types: Registry): readonly JsonObject[] {
  const paths = parseMask(mask);
  for (const { schema, message } of dumps) {
    const field = schema.fields.find(({ name }) => name === resource);
    if (field === undefined) continue;
    if (field.fieldKind !== "list" || field.listKind !== "message")
      throw new AdminRefusal(400, `${resource} is not a repeated field. Use ?mask=${resource} to get only this field`);
    if (paths.length > 0 && !isMaskOf(field.message, paths))
      throw new AdminRefusal(400, `FieldMask ${mask} could not be successfully applied to any configs.`);
    const elements = [...reflect(schema, message).get(field)].filter((element) => isReflectMessage(element));
    return elements.map((element) => maskOne({ schema: element.desc, message: element.message }, paths, types));
  }
  throw new AdminRefusal(404, `${resource} not found in config dump`);
}

function maskOne(
  { schema, message }: { readonly schema: DescMessage; readonly message: Message },
  paths: readonly (readonly string[])[],
  types: Registry,
): JsonObject {
  const json = toTypedJson(schema, message, types);
  return paths.length === 0 ? json : applyMask(json, paths);
}
