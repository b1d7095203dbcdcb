import type { PortSettings, TrafficSettings } from "../../../model/traffic-policy.ts";

const NO_SETTINGS: PortSettings = {
  loadBalancer: undefined,
  locality: undefined,
  connectionPool: undefined,
  outlierDetection: undefined,
  tls: undefined,
  proxyProtocol: undefined,
  retryBudget: undefined,
};

/** Settings that hold for a service port: those said for the port replace the others, block by block they never mix (DestinationRule of Istio). */
export function portSettings(settings: TrafficSettings | undefined, port: number): PortSettings {
  return settings?.byPort.get(port) ?? settings ?? NO_SETTINGS;
}
