import { fileURLToPath } from "node:url";

const APP = fileURLToPath(new URL("../apps/grpc.ts", import.meta.url));

/** How callers in the mesh call the service of `grpcService`. */
export const GRPC_AUTHORITY = "grpc.default.svc.cluster.local:9080";
/** Its one workload. */
export const GRPC_WORKLOAD = "grpc-v1";

/** A file of configuration that adds a service `grpc` to the sample, which speaks HTTP/2 only. */
export function grpcService(): Readonly<Record<string, string>> {
  return { "grpc.yaml": SERVICE };
}

const SERVICE = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: grpc
spec:
  hosts:
    - grpc.default.svc.cluster.local
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - number: 9080
      name: grpc
      protocol: GRPC
  workloadSelector:
    labels:
      app: grpc
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: ${GRPC_WORKLOAD}
  annotations:
    local.fairlead.dev/command: node ${APP}
spec:
  address: 127.0.10.21
  serviceAccount: grpc
  labels:
    app: grpc
    version: v1
    security.istio.io/tlsMode: istio
`;
