import type { MeshObject } from "@fairlead/crds";
import type { Problem } from "@fairlead/kit";
import { createMemorySource, readFolder } from "@fairlead/sources";
import { buildSnapshot } from "../model/from-config/snapshot.ts";
import { DEFAULT_MESH_SETTINGS, type MeshSettings } from "../model/mesh-snapshot.ts";
import { analyzeAccessPolicies } from "./analyze/access-policy.ts";
import type { Analysis } from "./analyze/analysis.ts";
import { analyzeAnnotations } from "./analyze/annotation.ts";
import { analyzeGateways } from "./analyze/gateway.ts";
import { analyzePeerAuthentications } from "./analyze/peer-authentication.ts";
import { analyzeRoutingRules } from "./analyze/routing-rule.ts";
import { analyzeServices } from "./analyze/service.ts";
import { analyzeShadowedRules } from "./analyze/shadowed-rule.ts";
import { analyzeTrafficPolicies } from "./analyze/traffic-policy.ts";
import { analyzeWorkloads } from "./analyze/workload.ts";

const ANALYZERS: readonly ((analysis: Analysis) => Iterable<Problem>)[] = [
  analyzeServices,
  analyzeWorkloads,
  analyzeGateways,
  analyzeRoutingRules,
  analyzeShadowedRules,
  analyzeTrafficPolicies,
  analyzeAccessPolicies,
  analyzePeerAuthentications,
  analyzeAnnotations,
];

/** Everything that valid objects get wrong together: broken references, and what surely does not do what its author meant. In order of place. */
export function analyze(objects: readonly MeshObject[], settings: MeshSettings = DEFAULT_MESH_SETTINGS): readonly Problem[] {
  const snapshot = buildSnapshot(objects, settings);
  const analysis: Analysis = { snapshot, objects };
  return inOrder([...snapshot.problems, ...ANALYZERS.flatMap((analyzer) => [...analyzer(analysis)])]);
}

export interface FolderAnalysis {
  /** Of the files, of each object by itself, and of the objects together; in order of file and line. */
  readonly problems: readonly Problem[];
  readonly objectCount: number;
}

/** Analyzes YAML texts by file name. */
export function analyzeFiles(files: Readonly<Record<string, string>>, settings: MeshSettings = DEFAULT_MESH_SETTINGS): FolderAnalysis {
  const { objects, problems } = createMemorySource(files);
  return { problems: inOrder([...problems, ...analyze(objects, settings)]), objectCount: objects.length };
}

/** Analyzes all YAML files below a folder. Rejects only when the folder cannot be read. */
export async function analyzeFolder(directory: string, settings: MeshSettings = DEFAULT_MESH_SETTINGS): Promise<FolderAnalysis> {
  const { objects, problems } = await readFolder(directory);
  return { problems: inOrder([...problems, ...analyze(objects, settings)]), objectCount: objects.length };
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (left, right) => compare(left.origin.file ?? "", right.origin.file ?? "") || (left.origin.line ?? 0) - (right.origin.line ?? 0),
  );
}

function compare(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
