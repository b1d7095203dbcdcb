import { create } from "@bufbuild/protobuf";
import { TrafficDirection } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { type Listener as XdsListener, ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import type {
  FilterChainMatchSchema,
  FilterChainSchema,
  FilterSchema,
  ListenerFilterSchema,
} from "@fairlead/api/gen/envoy/config/listener/v3/listener_components_pb";
import { HttpInspectorSchema } from "@fairlead/api/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb";
import { OriginalDstSchema } from "@fairlead/api/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb";
import { TlsInspectorSchema } from "@fairlead/api/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb";
import type { NetworkFilter } from "../../ir/filter.ts";
import type { FilterChain, FilterChainMatch, Inspector, Listener, ListenerBinding } from "../../ir/listener.ts";
import { type Init, metadata, milliseconds, pack } from "./any.ts";
import { toAddress } from "./endpoint.ts";
import { toHttpConnectionManager } from "./filter/http-connection-manager.ts";
import type { NamedExtension } from "./filter/named-extension.ts";
import { toNetworkRbac } from "./filter/rbac.ts";
import { toTcpProxy } from "./filter/tcp-proxy.ts";
import { toCidrRange } from "./match.ts";
import { toDownstreamTls } from "./secret.ts";

type ListenerInit = Init<typeof ListenerSchema>;

/** How long inspectors wait for a client to speak first; a connection that stays silent is then taken for one of a protocol where the server does. */
const INSPECTION_TIMEOUT_MS = 5_000;
/** For a TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 15_000;

export function toListener(listener: Listener): XdsListener {
  const origins = metadata(listener.origins, "without-lines");
  return create(ListenerSchema, {
    name: listener.name,
    ...toBinding(listener.binding),
    trafficDirection: listener.direction === "inbound" ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    listenerFilters: listener.inspectors.map(toListenerFilter),
    ...(listener.inspectors.some((inspector) => inspector !== "original-destination")
      ? { listenerFiltersTimeout: milliseconds(INSPECTION_TIMEOUT_MS), continueOnListenerFiltersTimeout: true }
      : {}),
    filterChains: listener.filterChains.map(toFilterChain),
    ...(listener.defaultFilterChain === undefined ? {} : { defaultFilterChain: toFilterChain(listener.defaultFilterChain) }),
    ...(listener.useOriginalDestination ? { useOriginalDst: true } : {}),
    ...(origins === undefined ? {} : { metadata: origins }),
  });
}

function toBinding(binding: ListenerBinding): ListenerInit {
  switch (binding.kind) {
    case "socket":
      return { address: toAddress(binding.address, binding.port) };
    case "unbound":
      return { address: toAddress(binding.address, binding.port), bindToPort: false };
    case "internal":
      return { listenerSpecifier: { case: "internalListener", value: {} } };
  }
}

function toListenerFilter(inspector: Inspector): Init<typeof ListenerFilterSchema> {
  switch (inspector) {
    case "original-destination":
      return listenerFilter("envoy.filters.listener.original_dst", pack(OriginalDstSchema, {}));
    case "tls":
      return listenerFilter("envoy.filters.listener.tls_inspector", pack(TlsInspectorSchema, {}));
    case "http":
      return listenerFilter("envoy.filters.listener.http_inspector", pack(HttpInspectorSchema, {}));
  }
}

function listenerFilter(name: string, value: NamedExtension["typedConfig"]): Init<typeof ListenerFilterSchema> {
  return { name, configType: { case: "typedConfig", value } };
}

function toFilterChain(chain: FilterChain): Init<typeof FilterChainSchema> {
  return {
    name: chain.name,
    filterChainMatch: toMatch(chain.match),
    filters: chain.filters.map(toFilter),
    ...(chain.tls === undefined
      ? {}
      : { transportSocket: toDownstreamTls(chain.tls), transportSocketConnectTimeout: milliseconds(HANDSHAKE_TIMEOUT_MS) }),
  };
}

function toMatch(match: FilterChainMatch): Init<typeof FilterChainMatchSchema> {
  return {
    ...(match.destinationPort === undefined ? {} : { destinationPort: match.destinationPort }),
    prefixRanges: (match.destinationSubnets ?? []).map(toCidrRange),
    serverNames: [...(match.serverNames ?? [])],
    transportProtocol: match.transport === undefined ? "" : match.transport === "tls" ? "tls" : "raw_buffer",
    applicationProtocols: [...(match.applicationProtocols ?? [])],
  };
}

function toFilter(filter: NetworkFilter): Init<typeof FilterSchema> {
  const { name, typedConfig } = toExtension(filter);
  return { name, configType: { case: "typedConfig", value: typedConfig } };
}

function toExtension(filter: NetworkFilter): NamedExtension {
  switch (filter.kind) {
    case "http":
      return toHttpConnectionManager(filter);
    case "tcp":
      return toTcpProxy(filter);
    case "network-access":
      return toNetworkRbac(filter);
  }
}
