import { grpcStatusNumber, type HttpRouteSpec } from "@fairlead/crds";
import type { Fault, HttpAction, HttpRule, Mirror, RetryPolicy, Rewrite } from "../routing-rule.ts";
import { type RuleContext, toDestination, toHeaderOperations } from "./destination.ts";
import { toHttpMatch } from "./match.ts";

type Path = readonly (string | number)[];

/** One entry of a VirtualService's `http`. */
export function toHttpRule(context: RuleContext, route: HttpRouteSpec, index: number): HttpRule {
  const path: Path = ["spec", "http", index];
  return {
    name: route.name ?? "",
    matches: route.match.map((match, matchIndex) => toHttpMatch(context, match, [...path, "match", matchIndex])),
    action: toAction(context, route, path),
    rewrite: route.rewrite && toRewrite(route.rewrite),
    timeoutMs: route.timeout ?? 0,
    retries: route.retries && toRetryPolicy(context, route.retries, [...path, "retries"]),
    fault: route.fault && toFault(context, route.fault, [...path, "fault"]),
    mirrors: toMirrors(context, route, path),
    headers: toHeaderOperations(route.headers),
    origin: context.object.originOf(path),
  };
}

function toAction(context: RuleContext, route: HttpRouteSpec, path: Path): HttpAction {
  if (route.redirect !== undefined) {
    const { uri, prefixRewrite, authority, port, derivePort, scheme, redirectCode } = route.redirect;
    const derived = derivePort === undefined ? undefined : derivePort === "FROM_REQUEST_PORT" ? "from-request" : "from-protocol";
    return { kind: "redirect", uri, prefixRewrite, authority, port: port ?? derived, scheme, code: redirectCode };
  }
  if (route.directResponse !== undefined) {
    const { status, body } = route.directResponse;
    const bytes = body?.bytes === undefined ? Buffer.from(body?.string ?? "", "utf8") : Buffer.from(body.bytes, "base64");
    return { kind: "direct-response", status, body: bytes };
  }
  if (route.route === undefined)
    return {
      kind: "direct-response",
      status: 503,
      body: Buffer.from("delegated routing rules are not supported by this version of Fairlead\n"),
    };
  const isSingle = route.route.length === 1;
  return {
    kind: "route",
    destinations: route.route.map(({ destination, weight, headers }, index) => {
      const place = [...path, "route", index];
      return {
        destination: toDestination(context, destination, [...place, "destination"]),
        weight: isSingle ? 100 : (weight ?? 0),
        headers: toHeaderOperations(headers),
        origin: context.object.originOf(place),
      };
    }),
  };
}

function toRewrite(rewrite: NonNullable<HttpRouteSpec["rewrite"]>): Rewrite {
  return { uri: rewrite.uri, uriRegex: rewrite.uriRegexRewrite, authority: rewrite.authority };
}

/** Istio's defaults: what is safe to repeat because no server has begun with it. */
const DEFAULT_RETRY_ON = ["connect-failure", "refused-stream", "unavailable", "cancelled"];
const DEFAULT_BACKOFF_MS = 25;

function toRetryPolicy(context: RuleContext, retries: NonNullable<HttpRouteSpec["retries"]>, path: Path): RetryPolicy {
  const parts = (retries.retryOn ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const codes = parts.filter((part) => /^\d+$/.test(part)).map(Number);
  const named = parts.filter((part) => !/^\d+$/.test(part));
  const conditions = parts.length === 0 ? DEFAULT_RETRY_ON : named;
  const needsCodes = codes.length > 0 && !conditions.includes("retriable-status-codes");
  return {
    // Istio cannot tell "not said" from 0 either: both mean no retries.
    attempts: retries.attempts ?? 0,
    perTryTimeoutMs: retries.perTryTimeout ?? 0,
    retryOn: needsCodes ? [...conditions, "retriable-status-codes"] : conditions,
    isExplicit: parts.length > 0,
    retriableStatusCodes: codes,
    retryRemoteLocalities: retries.retryRemoteLocalities ?? false,
    ignorePreviousHosts: retries.retryIgnorePreviousHosts ?? true,
    backoffMs: retries.backoff ?? DEFAULT_BACKOFF_MS,
    origin: context.object.originOf(path),
  };
}

/** A fault whose percentage is not said never happens (Istio's protobuf default). */
function toFault(context: RuleContext, fault: NonNullable<HttpRouteSpec["fault"]>, path: Path): Fault | undefined {
  const delayMs = fault.delay?.fixedDelay;
  const delay =
    delayMs === undefined ? undefined : { durationMs: delayMs, percent: fault.delay?.percentage?.value ?? fault.delay?.percent ?? 0 };
  const abort = toAbort(fault.abort);
  return delay === undefined && abort === undefined ? undefined : { delay, abort, origin: context.object.originOf(path) };
}

function toAbort(abort: NonNullable<HttpRouteSpec["fault"]>["abort"]): Fault["abort"] {
  const percent = abort?.percentage?.value ?? 0;
  if (abort?.httpStatus !== undefined) return { kind: "http", status: abort.httpStatus, percent };
  const status = abort?.grpcStatus === undefined ? undefined : grpcStatusNumber(abort.grpcStatus);
  return status === undefined ? undefined : { kind: "grpc", status, percent };
}

function toMirrors(context: RuleContext, route: HttpRouteSpec, path: Path): readonly Mirror[] {
  const single =
    route.mirror === undefined
      ? []
      : [
          {
            destination: toDestination(context, route.mirror, [...path, "mirror"]),
            percent: route.mirrorPercentage?.value ?? route.mirrorPercent ?? 100,
          },
        ];
  const several = route.mirrors.map(({ destination, percentage }, index) => ({
    destination: toDestination(context, destination, [...path, "mirrors", index, "destination"]),
    percent: percentage?.value ?? 100,
  }));
  return [...single, ...several].filter(({ percent }) => percent > 0);
}
