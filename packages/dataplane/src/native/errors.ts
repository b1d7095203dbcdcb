import { describeEngineProblem, type EngineProblem } from "./engine.ts";

/** What can go wrong with a proxy, for programs to tell apart. */
export type ProxyErrorCode =
  /** The configuration was refused as a whole; `problems` says why. What ran before goes on running. */
  | "invalid-config"
  /** The native engine could not be loaded: not built for this platform, or not built at all. */
  | "engine-unavailable"
  /** The engine could not start, for lack of threads, memory or privileges. */
  | "start-failed"
  /** The proxy has been stopped; a stopped proxy does nothing any more. */
  | "stopped"
  /** The engine cannot say what would happen to a request: it is not configured, or the request is none. */
  | "cannot-explain"
  /** A bug of the engine's. */
  | "internal";

/** Every error that the package throws to its user. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyErrorCode;
  readonly problems: readonly EngineProblem[];

  constructor(
    code: ProxyErrorCode,
    message: string,
    options: { readonly problems?: readonly EngineProblem[]; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
  }
}

/** The error for a configuration that was refused. */
export function invalidConfig(problems: readonly EngineProblem[]): ProxyError {
  const lines = problems.filter(({ severity }) => severity === "error").map((problem) => `  ${describeEngineProblem(problem)}`);
  return new ProxyError("invalid-config", `the configuration was refused:\n${lines.join("\n")}`, { problems });
}
