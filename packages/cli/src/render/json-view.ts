/** Looks into JSON whose shape is another program's affair: what is missing or of another type reads as nothing. */
export interface JsonView {
  readonly value: unknown;
  get(name: string): JsonView;
  /** As text; empty where there is none. */
  readonly text: string;
  readonly number: number | undefined;
  readonly list: readonly JsonView[];
  /** Names and values of an object. */
  readonly entries: readonly (readonly [string, JsonView])[];
  readonly exists: boolean;
}

export function viewJson(value: unknown): JsonView {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const fields = isObject ? new Map(Object.entries(value)) : new Map<string, unknown>();
  return {
    value,
    get: (name) => viewJson(fields.get(name)),
    text: typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "",
    number: typeof value === "number" ? value : undefined,
    list: Array.isArray(value) ? value.map(viewJson) : [],
    entries: [...fields].map(([name, field]) => [name, viewJson(field)] as const),
    exists: value !== undefined && value !== null,
  };
}
