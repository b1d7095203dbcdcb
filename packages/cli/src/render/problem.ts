import { describeOrigin, type Problem } from "@fairlead/kit";
import type { Style } from "./style.ts";

/** A problem in one line: `✗ VirtualService default/reviews (routing.yaml:12, spec.http[0]): no such host; did you mean …`. */
export function renderProblem(problem: Problem, style: Style): string {
  const mark = { error: style.red("✗"), warning: style.yellow("!"), info: style.cyan("i") }[problem.severity];
  const { origin, message, hint } = problem;
  const about = origin.kind === "File" ? `${origin.name}${origin.line === undefined ? "" : `:${origin.line}`}` : describeOrigin(origin);
  return `${mark} ${about}: ${message}${hint === undefined ? "" : `; ${hint}`}`;
}
