import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { messageOf } from "./error.ts";

/** Settings that a process cannot start with; the message names every wrong field. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Parses settings that are already an object; `source` is how the message calls them. */
export function parseSettings<Schema extends z.ZodType>(schema: Schema, input: unknown, source: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".") || "(root)"}: ${issue.message}`);
  throw new SettingsError(`invalid settings in ${source}:\n${lines.join("\n")}`);
}

/** Reads the JSON file named by `--settings FILE` on the command line and parses it. */
export function readSettings<Schema extends z.ZodType>(schema: Schema, argv: readonly string[] = process.argv.slice(2)): z.output<Schema> {
  const { values } = parseArgs({ args: [...argv], options: { settings: { type: "string" } }, strict: true });
  if (values.settings === undefined) throw new SettingsError("missing --settings FILE: a JSON file with this process's settings");
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(values.settings, "utf8"));
  } catch (error) {
    throw new SettingsError(`cannot read settings file ${values.settings}: ${messageOf(error)}`);
  }
  return parseSettings(schema, input, values.settings);
}

/** `host:port`, IPv6 in brackets. */
export const addressSchema = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, "must be host:port");

/** Splits an address that `addressSchema` accepted. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}
