import { z } from "zod";
import { headerNameMistake } from "../schema/common.ts";
import { addressBlock, isNamespace, namespace, port, wildcardHost } from "../schema/network.ts";
import { checked, type Finding, labels, list, nonEmptyList, object, text } from "../schema/object.ts";
import { headerMatch, stringMatch, uriMatch } from "../schema/string-match.ts";

const RESOURCE_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** `mesh`, `<gateway>` of the same namespace, or `<namespace>/<gateway>`. */
export const gatewayName = text((value) => {
  const parts = value.split("/");
  const [first = "", second] = parts;
  const isValid =
    second === undefined ? RESOURCE_NAME.test(first) : parts.length === 2 && isGatewayNamespace(first) && RESOURCE_NAME.test(second);
  return isValid ? undefined : { message: `"${value}" is no gateway`, hint: "write mesh, <name> or <namespace>/<name>" };
});

/** What a request looks like, and which proxies the rule is for (Istio's HTTPMatchRequest). */
export const httpMatchRequest = checked(
  object({
    name: z.string().optional(),
    uri: uriMatch.optional(),
    ignoreUriCase: z.boolean().default(false),
    scheme: stringMatch.optional(),
    method: stringMatch.optional(),
    authority: stringMatch.optional(),
    headers: z.record(z.string(), headerMatch).readonly().default({}),
    withoutHeaders: z.record(z.string(), headerMatch).readonly().default({}),
    queryParams: z.record(z.string(), stringMatch).readonly().default({}),
    port: port.optional(),
    sourceLabels: labels,
    sourceNamespace: namespace.optional(),
    gateways: list(gatewayName),
    statPrefix: z.string().optional(),
  }),
  (match) =>
    (["headers", "withoutHeaders"] as const).flatMap((field) => Object.keys(match[field]).flatMap((name) => headerFindings(field, name))),
);

const connectionMatch = {
  destinationSubnets: list(addressBlock),
  port: port.optional(),
  sourceLabels: labels,
  sourceNamespace: namespace.optional(),
  gateways: list(gatewayName),
};

/** What a connection looks like (Istio's L4MatchAttributes). */
export const l4Match = object({ ...connectionMatch, sourceSubnet: z.string().optional() });

/** What a TLS connection asks for (Istio's TLSMatchAttributes). */
export const tlsMatch = object({ ...connectionMatch, sniHosts: nonEmptyList(wildcardHost) });

function isGatewayNamespace(value: string): boolean {
  return value === "." || isNamespace(value);
}

const INSTEAD: Readonly<Record<string, string>> = { uri: "uri", scheme: "scheme", method: "method", authority: "authority" };

function headerFindings(field: "headers" | "withoutHeaders", name: string): readonly Finding[] {
  const path = [field, name];
  if (name.toLowerCase().startsWith("@request.auth.claims"))
    return /^@request\.auth\.claims(\.[^.]+(\.[^.]+)*|(\[[^[\]]+\])+)$/i.test(name)
      ? []
      : [{ message: `"${name}" names no claim`, hint: "write @request.auth.claims.<claim> or @request.auth.claims[<claim>]", path }];
  if (name.startsWith(":")) {
    const instead = INSTEAD[name === ":path" ? "uri" : name.slice(1)];
    return [{ message: `"${name}" is no header to match on`, hint: instead && `use the field ${instead} of the match`, path }];
  }
  const message = headerNameMistake(name);
  return message === undefined ? [] : [{ message, path }];
}
