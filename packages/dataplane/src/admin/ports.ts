import type { ProxyCertificates, ProxyNode, ProxyReportStatus, ProxyState, ProxyXdsStatus } from "@fairlead/api";
import type { Engine } from "../native/engine.ts";

/** What the admin server asks of the process around it. */
export interface AdminPorts {
  readonly engine: Engine;
  readonly node: ProxyNode;
  readonly workers: number;
  /** Milliseconds since the process started. */
  uptimeMs(): number;
  state(): ProxyState;
  xds(): ProxyXdsStatus;
  /** Null where there is no Mixer. */
  report(): ProxyReportStatus | null;
  certificates(): ProxyCertificates;
  /** Replaces key and certificate now; rejects where Citadel refuses or cannot be reached. */
  rotateCertificates(): Promise<void>;
  /** Begins to refuse new connections. */
  drain(scope: "all" | "inbound"): void;
  /** Ends the process in order. */
  quit(): void;
}
