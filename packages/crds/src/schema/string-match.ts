import { z } from "zod";
import { exactlyOne, checked, object } from "./object.ts";
import { regex } from "./regex.ts";

const oneOfThree = { exact: z.string().optional(), prefix: z.string().optional(), regex: regex.optional() };

/** How a value is compared: exactly one of `exact`, `prefix`, `regex`. */
export const stringMatch = checked(object(oneOfThree), (match) => [
  ...exactlyOne(match, ["exact", "prefix", "regex"]),
  ...(["prefix", "regex"] as const)
    .filter((field) => match[field] === "")
    .map((field) => ({ message: `an empty ${field} matches everything`, hint: "leave the condition out", path: [field] })),
]);

/** Like `stringMatch`, but an empty prefix is allowed: it is the path `/` in other words. */
export const uriMatch = checked(object(oneOfThree), (match) => exactlyOne(match, ["exact", "prefix", "regex"]));

/** Like `stringMatch`; `{}` asks only that the header be there. */
export const headerMatch = checked(object(oneOfThree), (match) => {
  const given = Object.values(match).filter((value) => value !== undefined);
  return given.length === 0 ? [] : exactlyOne(match, ["exact", "prefix", "regex"]);
});

export type StringMatchSpec = z.output<typeof headerMatch>;
