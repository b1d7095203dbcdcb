import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRegistry, type DescFile, type Registry } from "@bufbuild/protobuf";
import { ScopedRoutesConfigDumpSchema } from "@fairlead/api/gen/envoy/admin/v3/config_dump_shared_pb";

/** Every message of xDS that we know, to print what resources carry in an `Any`. Read when first asked: a proxy that nobody asks never needs them. */
export function loadTypes(): Promise<Registry> {
  return (loading ??= load());
}

/**
 * The same for printing: a type that we do not know is taken for a message without fields, so that it is named (`"@type"`) and any reader of Envoy's
 * JSON can go on. What it holds is not shown: nobody could tell whether keys are in it.
 */
export function forPrinting(types: Registry): Registry {
  return {
    kind: types.kind,
    [Symbol.iterator]: () => types[Symbol.iterator](),
    get: (name) => types.get(name),
    getEnum: (name) => types.getEnum(name),
    getExtension: (name) => types.getExtension(name),
    getExtensionFor: (extended, number) => types.getExtensionFor(extended, number),
    getService: (name) => types.getService(name),
    getMessage: (name) => types.getMessage(name) ?? { ...ScopedRoutesConfigDumpSchema, typeName: name },
  };
}

let loading: Promise<Registry> | undefined;

async function load(): Promise<Registry> {
  const anchor = createRequire(import.meta.url).resolve("@fairlead/api/gen/envoy/admin/v3/config_dump_pb");
  const root = join(dirname(anchor), "../..");
  const paths = (await readdir(root, { recursive: true })).filter((path) => path.endsWith("_pb.js"));
  const files: DescFile[] = [];
  for (const path of paths) {
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(root, path)).href);
    files.push(...Object.values(module).filter(isFile));
  }
  return createRegistry(...files);
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}
