import { z } from "zod";
import { percent, percentValue } from "../schema/common.ts";
import { duration, durationOrZero } from "../schema/duration.ts";
import { isNamespace, port } from "../schema/network.ts";
import { atMostOne, checked, choice, exactlyOne, type Finding, list, nonEmptyList, object, present, text } from "../schema/object.ts";
import { findSubstitutionMistake, regex } from "../schema/regex.ts";
import { stringMatch } from "../schema/string-match.ts";
import { destination, headers, httpRouteDestination, isAuthority, weightFindings } from "./destination.ts";
import { httpMatchRequest } from "./match.ts";

const httpStatus = z.int().min(200).max(599);

/** Istio's HTTPRedirect. */
const redirect = checked(
  object({
    uri: z.string().min(1).optional(),
    prefixRewrite: z.string().min(1).optional(),
    authority: z.string().min(1).optional(),
    port: port.optional(),
    derivePort: choice(["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"]).optional(),
    scheme: z.enum(["http", "https"]).optional(),
    redirectCode: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).default(301),
  }),
  (value) => [
    ...atMostOne(value, ["uri", "prefixRewrite"]),
    ...atMostOne(value, ["port", "derivePort"]),
    ...(present(value, ["uri", "prefixRewrite", "authority", "port", "derivePort", "scheme"]).length === 0
      ? [
          {
            code: "missing-field",
            message: "a redirect has to change something",
            hint: "set uri, prefixRewrite, authority, port or scheme",
          },
        ]
      : []),
  ],
);

/** Istio's HTTPDirectResponse; larger bodies than a mebibyte are refused by the proxies. */
const directResponse = object({
  status: httpStatus,
  body: checked(
    object({
      string: z
        .string()
        .max(1 << 20)
        .optional(),
      bytes: z.base64().max(1_400_000).optional(),
    }),
    (body) => exactlyOne(body, ["string", "bytes"]),
  ).optional(),
});

const delegate = object({
  name: z.string().min(1),
  namespace: text((value) => (isNamespace(value) ? undefined : `"${value}" is no valid namespace name`)).optional(),
});

/** Istio's HTTPRewrite. */
const rewrite = checked(
  object({
    uri: z.string().min(1).optional(),
    authority: z.string().min(1).optional(),
    uriRegexRewrite: checked(object({ match: regex, rewrite: z.string() }), (value) => {
      const mistake = findSubstitutionMistake(value.match, value.rewrite);
      return mistake === undefined ? [] : [{ message: mistake, path: ["rewrite"] }];
    }).optional(),
  }),
  (value) => [
    ...atMostOne(value, ["uri", "uriRegexRewrite"]),
    ...(present(value, ["uri", "authority", "uriRegexRewrite"]).length === 0
      ? [{ code: "missing-field", message: "a rewrite has to change something", hint: "set uri, authority or uriRegexRewrite" }]
      : []),
  ],
);

/** Conditions of Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`. */
const RETRY_CONDITIONS = [
  "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited", "retriable-4xx", "refused-stream",
  "retriable-status-codes", "retriable-headers", "http3-post-connect-failure",
  "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
] as const; // prettier-ignore

const retryOn = text((value) => {
  const wrong = value
    .split(",")
    .map((part) => part.trim())
    .find((part) => !isRetryCondition(part));
  return wrong === undefined
    ? undefined
    : { message: `"${wrong}" is no condition to retry on`, hint: `conditions are ${RETRY_CONDITIONS.join(", ")} and status codes` };
});

function isRetryCondition(part: string): boolean {
  return RETRY_CONDITIONS.some((condition) => condition === part) || /^[2-5]\d\d$/.test(part);
}

/** Istio's HTTPRetry. */
const retries = checked(
  object({
    attempts: z.int().min(0).max(100).optional(),
    perTryTimeout: durationOrZero.optional(),
    retryOn: retryOn.optional(),
    retryRemoteLocalities: z.boolean().optional(),
    retryIgnorePreviousHosts: z.boolean().optional(),
    backoff: duration.optional(),
  }),
  (value) =>
    value.attempts === 0 && present(value, ["perTryTimeout", "retryOn", "backoff"]).length > 0
      ? [{ code: "conflicting-fields", message: "attempts 0 means no retries, but other fields say how to retry", path: ["attempts"] }]
      : [],
);

const GRPC_STATUSES = [
  "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
] as const; // prettier-ignore

/** Number of a gRPC status by its name (gRPC status codes); undefined for no such name. */
export function grpcStatusNumber(name: string): number | undefined {
  const index = GRPC_STATUSES.findIndex((status) => status === name);
  return index < 0 ? undefined : index;
}

const delay = checked(
  object({
    fixedDelay: duration.optional(),
    exponentialDelay: duration.optional(),
    percentage: percent.optional(),
    percent: percentValue.optional(),
  }),
  (value) => [...exactlyOne(value, ["fixedDelay", "exponentialDelay"]), ...atMostOne(value, ["percentage", "percent"])],
);

const abort = checked(
  object({
    httpStatus: httpStatus.optional(),
    grpcStatus: z.enum(GRPC_STATUSES).optional(),
    http2Error: z.string().optional(),
    percentage: percent.optional(),
  }),
  (value) => exactlyOne(value, ["httpStatus", "grpcStatus", "http2Error"]),
);

/** Istio's HTTPFaultInjection. */
const fault = checked(object({ delay: delay.optional(), abort: abort.optional() }), (value) =>
  value.delay === undefined && value.abort === undefined ? [{ code: "missing-field", message: "a fault needs delay or abort" }] : [],
);

const corsPolicy = object({
  allowOrigin: list(z.string()),
  allowOrigins: list(stringMatch),
  allowMethods: list(z.string()),
  allowHeaders: list(z.string()),
  exposeHeaders: list(z.string()),
  maxAge: durationOrZero.optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: choice(["UNSPECIFIED", "FORWARD", "IGNORE"]).optional(),
});

const httpRouteFields = object({
  name: z.string().optional(),
  match: list(httpMatchRequest),
  route: nonEmptyList(httpRouteDestination).optional(),
  redirect: redirect.optional(),
  directResponse: directResponse.optional(),
  delegate: delegate.optional(),
  rewrite: rewrite.optional(),
  timeout: durationOrZero.optional(),
  retries: retries.optional(),
  fault: fault.optional(),
  mirror: destination.optional(),
  mirrorPercent: percentValue.optional(),
  mirrorPercentage: percent.optional(),
  mirrors: list(object({ destination, percentage: percent.optional() })),
  corsPolicy: corsPolicy.optional(),
  headers: headers.optional(),
});

/** Istio's HTTPRoute. */
export const httpRoute = checked(httpRouteFields, (route) => [
  ...actionFindings(route),
  ...companionFindings(route),
  ...mirrorFindings(route),
  ...authorityFindings(route),
]);

export type HttpRouteSpec = z.output<typeof httpRouteFields>;
const ACTIONS = ["route", "redirect", "directResponse", "delegate"] as const;

function actionFindings(route: HttpRouteSpec): readonly Finding[] {
  const weights = weightFindings(route.route ?? []).map((finding) => ({ ...finding, path: ["route"] }));
  return [...exactlyOne(route, ACTIONS), ...weights];
}

/** What makes no sense beside a redirect or a direct response. */
function companionFindings(route: HttpRouteSpec): readonly Finding[] {
  const action = route.redirect === undefined ? (route.directResponse === undefined ? undefined : "directResponse") : "redirect";
  const isPrefixed = route.match.length > 0 && route.match.every((match) => match.uri?.prefix !== undefined);
  const needsPrefix =
    route.redirect?.prefixRewrite !== undefined && !isPrefixed
      ? [
          {
            message: "prefixRewrite needs a match by uri prefix",
            hint: "use uri to replace the whole path",
            path: ["redirect", "prefixRewrite"],
          },
        ]
      : [];
  if (action === undefined) return needsPrefix;
  const conflicts = present(route, ["fault", "rewrite"]).map((field) => ({
    code: "conflicting-fields",
    message: `${field} has no meaning together with ${action}`,
    path: [field],
  }));
  return [...needsPrefix, ...conflicts];
}

function mirrorFindings(route: HttpRouteSpec): readonly Finding[] {
  const both =
    route.mirror !== undefined && route.mirrors.length > 0
      ? [{ code: "conflicting-fields", message: "mirror and mirrors exclude each other", hint: "keep mirrors", path: ["mirror"] }]
      : [];
  return [...both, ...atMostOne(route, ["mirrorPercentage", "mirrorPercent"])];
}

function authorityFindings(route: HttpRouteSpec): readonly Finding[] {
  if (route.rewrite?.authority === undefined) return [];
  return (["set", "add"] as const).flatMap((operation) =>
    Object.keys(route.headers?.request?.[operation] ?? {})
      .filter(isAuthority)
      .map((name) => ({ message: "the authority is changed here and by rewrite", path: ["headers", "request", operation, name] })),
  );
}
