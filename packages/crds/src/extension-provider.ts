import { z } from "zod";
import { headerNameMistake, headerValueMistake, unsigned } from "./schema/common.ts";
import { duration } from "./schema/duration.ts";
import { isNamespace, isWildcardHost, port } from "./schema/network.ts";
import { checked, exactlyOne, type Finding, list, object, stringMap, text } from "./schema/object.ts";

/** `<host>` or `<namespace>/<host>`. */
const service = text((value) => {
  const [first = "", second, ...more] = value.split("/");
  const isValid = second === undefined ? isWildcardHost(first) : more.length === 0 && isNamespace(first) && isWildcardHost(second);
  return isValid ? undefined : { message: `"${value}" is no service`, hint: "write <host> or <namespace>/<host>" };
});

const headerPattern = text((value) =>
  value === "*"
    ? { message: 'a single "*" is not possible here', hint: "name headers, or begin or end a name with *" }
    : headerNameMistake(value.replace(/^\*|\*$/, "")),
);

/** Statuses that Envoy can answer with (its enum StatusCode). */
const STATUSES = /^(200|201|202|203|204|205|206|207|208|226|30[0-578]|40[0-9]|41[0-7]|42[1-46]|428|429|431|50[0-8]|510|511)$/;

const statusOnError = text((value) => (STATUSES.test(value) ? undefined : `"${value}" is no status that a proxy answers with`));

const requestBody = object({
  maxRequestBytes: unsigned.min(1),
  allowPartialMessage: z.boolean().default(false),
  packAsBytes: z.boolean().default(false),
});

const asked = {
  service,
  port,
  timeout: duration.optional(),
  failOpen: z.boolean().default(false),
  clearRouteCache: z.boolean().default(false),
  statusOnError: statusOnError.optional(),
  includeRequestBodyInCheck: requestBody.optional(),
};

/** Istio's EnvoyExternalAuthorizationHttpProvider. */
const envoyExtAuthzHttp = checked(
  object({
    ...asked,
    pathPrefix: text((value) => (value.startsWith("/") ? undefined : `"${value}" does not begin with /`)).optional(),
    includeHeadersInCheck: list(headerPattern),
    includeRequestHeadersInCheck: list(headerPattern),
    includeAdditionalHeadersInCheck: stringMap.default({}),
    headersToUpstreamOnAllow: list(headerPattern),
    headersToDownstreamOnDeny: list(headerPattern),
    headersToDownstreamOnAllow: list(headerPattern),
  }),
  (provider) =>
    Object.entries(provider.includeAdditionalHeadersInCheck).flatMap(([name, value]): readonly Finding[] => {
      const message = headerNameMistake(name) ?? headerValueMistake(value);
      return message === undefined ? [] : [{ message, path: ["includeAdditionalHeadersInCheck", name] }];
    }),
);

/** Istio's EnvoyExternalAuthorizationGrpcProvider. */
const envoyExtAuthzGrpc = object(asked);

/** Kinds of providers that this version does not do; their settings are not looked at. */
export const OTHER_PROVIDERS = [
  "zipkin", "lightstep", "datadog", "stackdriver", "opencensus", "skywalking", "opentelemetry", "prometheus", "envoyFileAccessLog",
  "envoyHttpAls", "envoyTcpAls", "envoyOtelAls", "sds",
] as const; // prettier-ignore

/** A provider's name ends up in the names of policies (Istio's rule for them: a DNS label). */
const providerName = text((value) =>
  isNamespace(value) ? undefined : `"${value}" is no name of a provider: small letters, digits and "-"`,
);

/** Istio's ExtensionProvider. */
export const extensionProvider = checked(
  object({
    name: providerName,
    envoyExtAuthzHttp: envoyExtAuthzHttp.optional(),
    envoyExtAuthzGrpc: envoyExtAuthzGrpc.optional(),
    ...Object.fromEntries(OTHER_PROVIDERS.map((kind) => [kind, z.unknown().optional()])),
  }),
  (provider) => exactlyOne<Readonly<Record<string, unknown>>>(provider, ["envoyExtAuthzHttp", "envoyExtAuthzGrpc", ...OTHER_PROVIDERS]),
);

export type ExtensionProviderSpec = z.output<typeof extensionProvider>;
export type AskedServiceSpec = z.output<typeof envoyExtAuthzGrpc>;
