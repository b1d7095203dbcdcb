import { describeEngineProblem, type EngineProblem } from "./engine.ts";

/** What can go wrong with a proxy, for programs to tell apart. */
export type ProxyErrorCode =
  /** The configuration (or an option, or an argument) was refused as a whole; `problems` says why, each with its path. What ran before goes on running. */
  | "invalid-config"
  /** `Proxy.start` could not bind a listener (the port is in use, or needs privileges); `problems` names it. */
  | "listen-failed"
  /** The native engine could not be loaded: not built for this platform, or not built at all. */
  | "engine-unavailable"
  /** The engine could not start, for lack of threads, memory or privileges. */
  | "start-failed"
  /** The proxy has been stopped; a stopped proxy does nothing any more. */
  | "stopped"
  /** The engine cannot say what would happen to a request: it is not configured, or the request is none. */
  | "cannot-explain"
  /** What is to be recorded cannot be, or somebody else records it already. */
  | "cannot-tap"
  /** A bug of the engine's. */
  | "internal";

/**
 * Who can do something about an error:
 * - `caller`: the program that uses the library; its configuration or its order of calls is wrong.
 * - `environment`: whoever runs the program; the machine lacks something, or somebody else has it.
 * - `fairlead`: we; please report it.
 */
export type ProxyErrorFault = "caller" | "environment" | "fairlead";

/** Every error that the package throws to its user. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyErrorCode;
  /** Whose fault it is; follows from the code. */
  readonly fault: ProxyErrorFault;
  /** Whether the same call may succeed later without any change; follows from the code. */
  readonly retry: boolean;
  /** What was found wrong, with the path of each: for `invalid-config` and `listen-failed`. */
  readonly problems: readonly EngineProblem[];

  constructor(
    code: ProxyErrorCode,
    message: string,
    options: { readonly problems?: readonly EngineProblem[]; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.fault = KINDS[code].fault;
    this.retry = KINDS[code].retry;
    this.problems = options.problems ?? [];
  }
}

const KINDS: Readonly<Record<ProxyErrorCode, { readonly fault: ProxyErrorFault; readonly retry: boolean }>> = {
  "invalid-config": { fault: "caller", retry: false },
  "listen-failed": { fault: "environment", retry: true },
  "engine-unavailable": { fault: "environment", retry: false },
  "start-failed": { fault: "environment", retry: true },
  stopped: { fault: "caller", retry: false },
  "cannot-explain": { fault: "caller", retry: false },
  "cannot-tap": { fault: "caller", retry: false },
  internal: { fault: "fairlead", retry: false },
};

/** The error for a configuration that was refused. */
export function invalidConfig(problems: readonly EngineProblem[]): ProxyError {
  return new ProxyError("invalid-config", `the configuration was refused:\n${listErrors(problems)}`, { problems });
}

/** The error for a proxy that would serve less than it was told to. */
export function listenFailed(problems: readonly EngineProblem[]): ProxyError {
  return new ProxyError("listen-failed", `a listener cannot be bound:\n${listErrors(problems)}`, { problems });
}

function listErrors(problems: readonly EngineProblem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error");
  return (errors.length === 0 ? problems : errors).map((problem) => `  ${describeEngineProblem(problem)}`).join("\n");
}
