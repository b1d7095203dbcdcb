import type { ChildLine } from "./child.ts";

/** Something a process of the mesh said that a person should know. */
export interface ChildMessage {
  readonly child: string;
  readonly level: "warn" | "error";
  readonly text: string;
}

/** Fields of a log line that say why, in the order of their usefulness. */
const REASON_FIELDS = ["reason", "error", "detail", "details"] as const;

/** Pilot's problems are told from its admin API, with everything that belongs to them. */
const SAID_ELSEWHERE = new Set(["problem in the configuration"]);

/** Reads a line of a component's log (JSON, packages/kit/src/log.ts); undefined for anything that is no warning or error. */
export function toMessage(line: ChildLine): ChildMessage | undefined {
  const { child, text } = line;
  if (child.role === "application") return undefined;
  if (!text.startsWith("{"))
    return /^\s*(\w*Error|fatal|panicked|thread '.*' panicked)\b/.test(text) ? { child: child.name, level: "error", text } : undefined;
  const entry = parseObject(text);
  const level = entry?.["level"];
  if (entry === undefined || (level !== "warn" && level !== "error" && level !== "fatal")) return undefined;
  const message = typeof entry["message"] === "string" ? entry["message"] : "(no message)";
  if (SAID_ELSEWHERE.has(message)) return undefined;
  const reason = reasonOf(entry);
  return { child: child.name, level: level === "warn" ? "warn" : "error", text: reason === undefined ? message : `${message}: ${reason}` };
}

function reasonOf(entry: Readonly<Record<string, unknown>>): string | undefined {
  const nested = entry["err"];
  if (isObject(nested) && typeof nested["message"] === "string") return nested["message"];
  for (const field of REASON_FIELDS) {
    const value = entry[field];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
