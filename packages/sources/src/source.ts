import type { MeshObject } from "@fairlead/crds";
import type { Problem } from "@fairlead/kit";

/** What changed; an object that was not touched is in neither list. */
export interface SourceChange {
  /** New objects, and the new versions of changed ones. */
  readonly upserted: readonly MeshObject[];
  /** Objects that are gone, as they were last. */
  readonly deleted: readonly MeshObject[];
}

/** A place that configuration comes from. Changes are told as they are noticed; who builds something from them waits until they calm down. */
export interface Source {
  /** All objects in service, in order of definition: an object whose newest version is wrong is here in its last good one. */
  readonly objects: readonly MeshObject[];
  /** What is wrong with the newest version of everything, in the same order. */
  readonly problems: readonly Problem[];
  /** Calls `listener` after every change of objects or problems; the answer ends it. */
  subscribe(listener: (change: SourceChange) => void): () => void;
  close(): Promise<void>;
}
