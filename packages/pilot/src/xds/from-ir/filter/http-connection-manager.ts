import {
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
} from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import type { HttpConnectionManager } from "../../../ir/filter.ts";
import { type Init, NO_TIME, pack } from "../any.ts";
import { FROM_ADS } from "../config-source.ts";
import { toHttpFilters } from "../filter-order.ts";
import { toRouteConfiguration } from "../route.ts";
import type { NamedExtension } from "./named-extension.ts";

type ManagerInit = Init<typeof HttpConnectionManagerSchema>;

/** HTTP on a connection. The settings that differ between the roles of a proxy are Istio's. */
export function toHttpConnectionManager(filter: HttpConnectionManager): NamedExtension {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typedConfig: pack(HttpConnectionManagerSchema, {
      statPrefix: filter.statPrefix,
      routeSpecifier:
        filter.routes.kind === "named"
          ? { case: "rds", value: { configSource: FROM_ADS, routeConfigName: filter.routes.name } }
          : { case: "routeConfig", value: toRouteConfiguration(filter.routes.configuration, "without-lines") },
      httpFilters: toHttpFilters(filter.filters).map(({ name, typedConfig }) => ({
        name,
        configType: { case: "typedConfig" as const, value: typedConfig },
      })),
      ...roleSettings(filter.role),
      serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
      streamIdleTimeout: NO_TIME,
      normalizePath: true,
      pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.KEEP_UNCHANGED,
      proxy100Continue: true,
      upgradeConfigs: [{ upgradeType: "websocket" }, ...(filter.allowConnect ? [{ upgradeType: "CONNECT" }] : [])],
    }),
  };
}

function roleSettings(role: HttpConnectionManager["role"]): ManagerInit {
  switch (role) {
    case "sidecar-outbound":
      return { useRemoteAddress: false, httpProtocolOptions: { allowAbsoluteUrl: true } };
    case "sidecar-inbound":
      return {
        useRemoteAddress: false,
        forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.APPEND_FORWARD,
        setCurrentClientCertDetails: { subject: true, dns: true, uri: true },
      };
    case "gateway":
      // Nothing that a client outside says of where it comes from is believed.
      return {
        useRemoteAddress: true,
        forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
        setCurrentClientCertDetails: { subject: true, cert: true, dns: true, uri: true },
      };
  }
}
