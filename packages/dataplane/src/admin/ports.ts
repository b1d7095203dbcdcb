import type { ProxyCertificates, ProxyNode, ProxyReportStatus, ProxyState, ProxyXdsStatus } from "@fairlead/api";
import type { Certificate } from "@fairlead/identity";
import type { Clock, Logger } from "@fairlead/kit";
import type { XdsResources } from "../ads/client.ts";
import type { Engine } from "../native/engine.ts";
import type { Settings } from "../settings.ts";

/** What the admin server asks of the process around it. */
export interface AdminPorts {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: ProxyNode;
  readonly workers: number;
  /** When the process started, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Milliseconds since the process started. */
  uptimeMs(): number;
  state(): ProxyState;
  xds(): ProxyXdsStatus;
  /** What the xDS server has sent of a type. */
  xdsResources(typeUrl: string): XdsResources;
  /** Null where there is no Mixer. */
  report(): ProxyReportStatus | null;
  /** The workload's own; undefined before Citadel has answered. */
  certificate(): Certificate | undefined;
  certificates(): ProxyCertificates;
  /** Replaces key and certificate now; rejects where Citadel refuses or cannot be reached. */
  rotateCertificates(): Promise<void>;
  /** Begins to refuse new connections. */
  drain(scope: "all" | "inbound"): void;
  /** Makes probes fail, or lets them say what is. */
  failHealthChecks(isFailing: boolean): void;
  /** Ends the process in order. */
  quit(): void;
}
