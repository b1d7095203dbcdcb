import { createMonitoring, type Monitoring } from "@fairlead/kit";
import { guard } from "./guard.ts";
import type { AdminPorts } from "./ports.ts";

export type CertificatePorts = Pick<AdminPorts, "certificates" | "rotateCertificates">;

/** What an agent beside a stock Envoy answers; the rest Envoy answers itself. Ready once there is a certificate. */
export function createAgentServer(address: string, ports: CertificatePorts): Monitoring {
  const monitoring = createMonitoring({ address, isReady: () => ports.certificates().certificate !== null });
  guard(monitoring.server);
  addCertificates(monitoring.server, ports);
  monitoring.server.get("/certs", () => ports.certificates());
  return monitoring;
}

/** Shows the workload's certificate, and replaces it on demand. */
export function addCertificates(server: Monitoring["server"], ports: CertificatePorts): void {
  server.get("/fairlead/certs", () => ports.certificates());
  server.post("/rotate_certificates", async () => {
    await ports.rotateCertificates();
    return ports.certificates();
  });
}
