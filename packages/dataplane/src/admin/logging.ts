import type { Logger } from "@fairlead/kit";
import { AdminRefusal } from "./refusal.ts";

/** Envoy's names of levels, and ours for them. */
const LEVELS: Readonly<Record<string, string>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
  critical: "fatal",
  off: "silent",
};

/** The one logger of a proxy's process; the engine logs through it. */
const LOGGER = "proxy";

/** `POST /logging`: shows the level, after it was changed where a parameter says so (`level=…`, `proxy=…`, `paths=proxy:…`). */
export function changeLogging(logger: Logger, query: URLSearchParams): string {
  for (const [name, value] of query) {
    if (name === "level" || name === LOGGER) setLevel(logger, value);
    else if (name === "paths") for (const pair of value.split(",")) setPath(logger, pair);
    else throw refusal(`there is no logger "${name}"`);
  }
  const level = Object.entries(LEVELS).find(([, ours]) => ours === logger.level)?.[0] ?? logger.level;
  return `active loggers:\n  ${LOGGER}: ${level}\n`;
}

function setPath(logger: Logger, pair: string): void {
  const [name = "", level = ""] = pair.split(":");
  if (name !== LOGGER && name !== "*") throw refusal(`there is no logger "${name}"`);
  setLevel(logger, level);
}

function setLevel(logger: Logger, name: string): void {
  const level = LEVELS[name];
  if (level === undefined) throw refusal(`"${name}" is no level`);
  logger.level = level;
}

function refusal(problem: string): AdminRefusal {
  return new AdminRefusal(400, `${problem}; use ?level=<level> or ?${LOGGER}=<level>, levels: ${Object.keys(LEVELS).join(" ")}`);
}
