import type { AskedServiceSpec, ConfigObject, ExtensionProviderSpec } from "@fairlead/crds";
import type { AuthorizationProvider } from "../authorization-provider.ts";
import { toPattern } from "../pattern.ts";

/** Istio's, where a provider names no timeout. */
const DEFAULT_TIMEOUT_MS = 600_000;

/** The providers of an IstioOperator's `meshConfig` that can be asked whether requests may pass. */
export function toAuthorizationProviders(object: ConfigObject<"IstioOperator">): readonly AuthorizationProvider[] {
  return object.spec.meshConfig.extensionProviders.flatMap((provider, index) => toProvider(object, provider, index) ?? []);
}

function toProvider(
  object: ConfigObject<"IstioOperator">,
  { name, envoyExtAuthzHttp: http, envoyExtAuthzGrpc: grpc }: ExtensionProviderSpec,
  index: number,
): AuthorizationProvider | undefined {
  const origin = object.originOf(["spec", "meshConfig", "extensionProviders", index]);
  if (grpc !== undefined) return { name, ...toAsked(grpc), protocol: { kind: "grpc" }, origin };
  if (http === undefined) return undefined;
  const { includeRequestHeadersInCheck: headers, includeHeadersInCheck: formerHeaders } = http;
  return {
    name,
    ...toAsked(http),
    protocol: {
      kind: "http",
      pathPrefix: http.pathPrefix ?? "",
      requestHeaders: (headers.length > 0 ? headers : formerHeaders).map(toPattern),
      addedHeaders: http.includeAdditionalHeadersInCheck,
      upstreamHeaders: http.headersToUpstreamOnAllow.map(toPattern),
      deniedHeaders: http.headersToDownstreamOnDeny.map(toPattern),
      allowedHeaders: http.headersToDownstreamOnAllow.map(toPattern),
    },
    origin,
  };
}

function toAsked(spec: AskedServiceSpec): Omit<AuthorizationProvider, "name" | "protocol" | "origin"> {
  const [first = "", second] = spec.service.toLowerCase().split("/");
  const body = spec.includeRequestBodyInCheck;
  return {
    host: second ?? first,
    namespace: second === undefined ? undefined : first,
    port: spec.port,
    timeoutMs: spec.timeout ?? DEFAULT_TIMEOUT_MS,
    failsOpen: spec.failOpen,
    clearsRoute: spec.clearRouteCache,
    statusOnError: spec.statusOnError === undefined ? undefined : Number(spec.statusOnError),
    body: body && { maxBytes: body.maxRequestBytes, allowsPartial: body.allowPartialMessage, asBytes: body.packAsBytes },
  };
}
