/** Where a field is inside an object: `["spec", "http", 0, "route"]`. */
export type FieldPath = readonly (string | number)[];

/** `spec.http[0].match[1].headers["x-user.id"].exact`. */
export function formatFieldPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => text + formatPart(part, text === ""), "");
}

function formatPart(part: string | number, isFirst: boolean): string {
  if (typeof part === "number") return `[${part}]`;
  if (!/^[A-Za-z_@][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
  return isFirst ? part : `.${part}`;
}
