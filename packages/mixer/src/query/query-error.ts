import type { TelemetryError } from "@fairlead/api";

/** A query that cannot be answered, with the words for the client. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code: TelemetryError["error"]["code"];

  constructor(code: TelemetryError["error"]["code"], message: string) {
    super(message);
    this.code = code;
  }
}
