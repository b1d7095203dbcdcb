import { ApiVersion } from "@fairlead/api/gen/envoy/config/core/v3/config_source_pb";
import { ExtAuthzSchema, type HttpServiceSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb";
import { StatusCode } from "@fairlead/api/gen/envoy/type/v3/http_status_pb";
import type { AskedAccess, HttpAuthorization } from "../../../ir/filter.ts";
import { type Init, milliseconds, pack } from "../any.ts";
import { toStringMatcher } from "../match.ts";
import { metadataValue, toMetadataMatcher } from "../metadata-match.ts";
import type { NamedExtension } from "./named-extension.ts";
import { ASKED_PREFIX, RBAC_FILTER } from "./rbac.ts";

/** Asks a service about the requests that the access rules before have marked. */
export function toExtAuthz({ provider, cluster }: AskedAccess): NamedExtension {
  const { protocol, body, statusOnError } = provider;
  const timeout = milliseconds(provider.timeoutMs);
  const marked = metadataValue([{ match: { kind: "prefix", value: `istio-ext-authz-${provider.name}` }, isListed: false }]);
  return {
    name: "envoy.filters.http.ext_authz",
    typedConfig: pack(ExtAuthzSchema, {
      services:
        protocol.kind === "grpc"
          ? {
              case: "grpcService",
              value: { targetSpecifier: { case: "envoyGrpc", value: { clusterName: cluster, authority: provider.host } }, timeout },
            }
          : {
              case: "httpService",
              value: {
                ...toHttpService(protocol),
                serverUri: { uri: `http://${provider.host}`, httpUpstreamType: { case: "cluster", value: cluster }, timeout },
              },
            },
      transportApiVersion: ApiVersion.V3,
      failureModeAllow: provider.failsOpen,
      clearRouteCache: provider.clearsRoute,
      ...(statusOnError !== undefined && isStatusCode(statusOnError) ? { statusOnError: { code: statusOnError } } : {}),
      ...(body === undefined
        ? {}
        : { withRequestBody: { maxRequestBytes: body.maxBytes, allowPartialMessage: body.allowsPartial, packAsBytes: body.asBytes } }),
      ...(protocol.kind === "http" && protocol.requestHeaders.length > 0 ? { allowedHeaders: toNames(protocol.requestHeaders) } : {}),
      filterEnabledMetadata: toMetadataMatcher(RBAC_FILTER, [`${ASKED_PREFIX}shadow_effective_policy_id`], marked),
    }),
  };
}

function toHttpService(protocol: HttpAuthorization): Init<typeof HttpServiceSchema> {
  const added = Object.entries(protocol.addedHeaders).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const { upstreamHeaders, deniedHeaders, allowedHeaders } = protocol;
  const takesHeaders = upstreamHeaders.length + deniedHeaders.length + allowedHeaders.length > 0;
  return {
    pathPrefix: protocol.pathPrefix,
    ...(added.length === 0 ? {} : { authorizationRequest: { headersToAdd: added.map(([key, value]) => ({ key, value })) } }),
    ...(takesHeaders
      ? {
          authorizationResponse: {
            ...(upstreamHeaders.length === 0 ? {} : { allowedUpstreamHeaders: toNames(upstreamHeaders) }),
            ...(deniedHeaders.length === 0 ? {} : { allowedClientHeaders: toNames(deniedHeaders) }),
            ...(allowedHeaders.length === 0 ? {} : { allowedClientHeadersOnSuccess: toNames(allowedHeaders) }),
          },
        }
      : {}),
  };
}

function toNames(names: HttpAuthorization["requestHeaders"]): { readonly patterns: ReturnType<typeof toStringMatcher>[] } {
  return { patterns: names.map((name) => toStringMatcher(name, true)) };
}

function isStatusCode(status: number): status is StatusCode {
  return status in StatusCode;
}
