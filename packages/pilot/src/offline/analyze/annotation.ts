import { didYouMean, type MeshObject } from "@fairlead/crds";
import type { Origin, Problem } from "@fairlead/kit";
import { type Analysis, problem } from "./analysis.ts";

const PREFIX = "local.fairlead.dev/";

/** Annotations of the local mode and what is wrong with a value, undefined when nothing is. */
const KNOWN: Readonly<Record<string, (value: string) => string | undefined>> = {
  [`${PREFIX}command`]: (value) => (value.trim() === "" ? "it is empty" : undefined),
  [`${PREFIX}env`]: (value) => (isEnvironment(value) ? undefined : 'it is no JSON object of plain values such as {"NAME": "value"}'),
  [`${PREFIX}proxy`]: (value) => (["sidecar", "gateway", "none"].includes(value) ? undefined : "it is none of sidecar, gateway and none"),
};

/** Mistakes in annotations that Fairlead reads: they are free text to everybody else. */
export function* analyzeAnnotations({ objects }: Analysis): Iterable<Problem> {
  for (const object of objects) {
    for (const [name, value] of Object.entries(object.annotations)) {
      const origin = object.originOf(["metadata", "annotations", name]);
      if (name.startsWith(PREFIX)) yield* localProblems(object, name, value, origin);
      else if (name === "istio.io/dry-run" && value !== "true" && value !== "false")
        yield problem(
          "warning",
          "invalid-annotation",
          origin,
          `annotation ${name} is "${value}": the policy is enforced`,
          'write "true" or "false"',
        );
    }
  }
}

function* localProblems(object: MeshObject, name: string, value: string, origin: Origin): Iterable<Problem> {
  const mistakeIn = KNOWN[name];
  if (mistakeIn === undefined) {
    yield problem("warning", "unknown-annotation", origin, `there is no annotation ${name}`, didYouMean(name, Object.keys(KNOWN)));
    return;
  }
  if (object.kind !== "WorkloadEntry")
    yield problem(
      "warning",
      "misplaced-annotation",
      origin,
      `annotation ${name} has no effect on a ${object.kind}`,
      "put it on a WorkloadEntry",
    );
  const mistake = mistakeIn(value);
  if (mistake !== undefined) yield problem("error", "invalid-annotation", origin, `annotation ${name} cannot be used: ${mistake}`);
}

function isEnvironment(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value);
    return (
      typeof parsed === "object" &&
      parsed !== null &&
      !Array.isArray(parsed) &&
      Object.values(parsed).every((text) => typeof text !== "object")
    );
  } catch {
    return false;
  }
}
