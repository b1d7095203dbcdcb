import type { Origin, Problem } from "@fairlead/kit";
import type { FieldPath } from "./field-path.ts";
import type { Kind, SpecOf } from "./kinds.ts";

/** An object of a kind, valid in itself; whether what it refers to exists is another matter. */
export interface ConfigObject<K extends Kind = Kind> {
  readonly kind: K;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: SpecOf[K];
  /** File and first line of the object. */
  readonly origin: Origin;
  /** What its author should know although it is valid: fields that this version does not do. */
  readonly warnings: readonly Problem[];
  /** Origin of a field: `["spec", "http", 0]`; the line is that of the closest thing around it that is written. */
  originOf(path: FieldPath): Origin;
}

/** Any object, to be told apart by `kind`. */
export type MeshObject = { readonly [K in Kind]: ConfigObject<K> }[Kind];

/** `VirtualService default/reviews`: unique among the objects of a mesh. */
export function objectKey(object: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}
