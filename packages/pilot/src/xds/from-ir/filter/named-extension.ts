import type { Any } from "@bufbuild/protobuf/wkt";

/** A filter as a proxy knows it: the name it is registered by, and its settings. */
export interface NamedExtension {
  readonly name: string;
  readonly typedConfig: Any;
}
