import { z } from "zod";
import { headerTemplateMistake } from "../schema/header-template.ts";
import { port, wildcardHost } from "../schema/network.ts";
import { checked, type Finding, object, stringMap, text } from "../schema/object.ts";
import { headerNameMistake, headerValueMistake, unsigned } from "../schema/common.ts";

const SUBSET = /^[a-zA-Z0-9]([\w.-]{0,62})$/;

/** Name of a subset, which becomes part of a cluster's name. */
export const subsetName = text((value) =>
  SUBSET.test(value) ? undefined : `"${value}" is no valid subset name: letters, digits, ".", "-" and "_"`,
);

/** Where to send requests or connections (Istio's Destination). */
export const destination = object({
  host: wildcardHost,
  subset: subsetName.optional(),
  port: object({ number: port }).optional(),
});

const headerChange = checked(
  object({ set: stringMap.default({}), add: stringMap.default({}), remove: z.array(z.string()).readonly().default([]) }),
  (change) => [
    ...(["set", "add"] as const).flatMap((operation) =>
      Object.entries(change[operation]).flatMap(([name, value]) => headerFindings(operation, name, value)),
    ),
    ...change.remove.flatMap((name, index) => {
      const message = pseudoHeaderMistake(name) ?? headerNameMistake(name);
      return message === undefined ? [] : [{ message, path: ["remove", index] }];
    }),
  ],
);

/** Headers to change on the way there and back (Istio's Headers). */
export const headers = checked(object({ request: headerChange.optional(), response: headerChange.optional() }), (value) => {
  const authorities = (["set", "add"] as const).flatMap((operation) =>
    Object.keys(value.request?.[operation] ?? {})
      .filter(isAuthority)
      .map((name) => ({ operation, name })),
  );
  const second = authorities[1];
  const inResponse = (["set", "add"] as const).flatMap((operation) =>
    Object.keys(value.response?.[operation] ?? {})
      .filter((name) => isAuthority(name))
      .map((name) => ({ message: `"${name}" is no header of a response`, path: ["response", operation, name] })),
  );
  return second === undefined
    ? inResponse
    : [...inResponse, { message: "the authority is changed more than once", path: ["request", second.operation, second.name] }];
});

export type HeadersSpec = z.output<typeof headers>;
export type DestinationSpec = z.output<typeof destination>;

/** A destination with its share of requests. */
export const httpRouteDestination = object({ destination, weight: unsigned.optional(), headers: headers.optional() });

/** A destination with its share of connections. */
export const routeDestination = object({ destination, weight: unsigned.optional() });

/** The weights of a rule's destinations have to make sense together. */
export function weightFindings(destinations: readonly { readonly weight?: number | undefined }[]): readonly Finding[] {
  if (destinations.length < 2) return [];
  const total = destinations.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  if (total === 0) return [{ message: "all weights are 0, so nothing could be chosen", hint: "give at least one destination a weight" }];
  return total > 4_294_967_295 ? [{ message: `the weights add up to ${total}, more than 4294967295` }] : [];
}

export function isAuthority(name: string): boolean {
  return name === ":authority" || name.toLowerCase() === "host";
}

function headerFindings(operation: "set" | "add", name: string, value: string): readonly Finding[] {
  const path = [operation, name];
  const message = (isAuthority(name) ? undefined : (pseudoHeaderMistake(name) ?? headerNameMistake(name))) ?? headerValueMistake(value);
  if (message !== undefined) return [{ message, path }];
  const mistake = headerTemplateMistake(value);
  return mistake === undefined ? [] : [{ ...mistake, path }];
}

function pseudoHeaderMistake(name: string): string | undefined {
  return name.startsWith(":") || name.toLowerCase() === "host" ? `"${name}" cannot be changed here` : undefined;
}
