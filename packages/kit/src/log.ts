import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

/** Structured log: a constant message, everything variable in fields. */
export type Logger = PinoLogger;

/** Fields that must never reach a log in clear text, whatever object they sit in. */
const REDACTED_PATHS = [
  "token",
  "privateKey",
  "authorization",
  "*.token",
  "*.privateKey",
  "*.authorization",
  "headers.authorization",
  "headers.cookie",
];

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** A logger of one component; JSON lines on standard error unless `destination` says otherwise. */
export function createLogger(options: {
  readonly component: string;
  readonly level?: LogLevel;
  readonly destination?: DestinationStream;
}): Logger {
  return pino(
    {
      level: options.level ?? "info",
      base: { component: options.component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: "[redacted]" },
      messageKey: "message",
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
