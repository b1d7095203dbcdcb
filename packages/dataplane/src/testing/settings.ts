import { parseSettings } from "@fairlead/kit";
import { type Settings, settingsSchema } from "../settings.ts";

/** Settings of a sidecar in local mode, with what a test wants otherwise. */
export function sidecarSettings(changes: Readonly<Record<string, unknown>> = {}): Settings {
  return parseSettings(
    settingsSchema,
    {
      type: "sidecar",
      name: "reviews-v1",
      namespace: "default",
      serviceAccount: "reviews",
      labels: { app: "reviews", version: "v1" },
      addresses: ["127.0.10.11"],
      trustDomain: "cluster.local",
      interceptionMode: "NONE",
      appAddress: "127.1.10.11",
      httpProxyPort: 15080,
      adminAddress: "127.0.0.1:0",
      stateDirectory: "/nowhere",
      identity: {
        citadelAddress: "127.0.0.1:1",
        rootCertificateFile: "/nowhere/root-cert.pem",
        tokenFile: "/nowhere/token",
        namespace: "default",
        serviceAccount: "reviews",
      },
      pilot: { address: "127.0.0.1:1" },
      ...changes,
    },
    "test",
  );
}
