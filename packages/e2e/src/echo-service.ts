import { fileURLToPath } from "node:url";

const APP = fileURLToPath(new URL("../apps/echo.ts", import.meta.url));

/**
 * A file of configuration that adds a service `echo` to the sample: reached through the gateway below `/echo`, by prefix and without retries, so that a
 * suite sees every failure.
 */
export function echoService(options: { readonly workloads?: readonly string[] } = {}): Readonly<Record<string, string>> {
  const workloads = options.workloads ?? ["echo-v1"];
  return { "echo.yaml": [SERVICE, ...workloads.map(workloadEntry)].join("---\n") };
}

const SERVICE = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: echo
spec:
  hosts:
    - echo.default.svc.cluster.local
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - number: 9080
      name: http
      protocol: HTTP
  workloadSelector:
    labels:
      app: echo
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: echo
spec:
  hosts:
    - echo.example
  gateways:
    - bookinfo-gateway
  http:
    - name: echo
      retries:
        attempts: 0
      route:
        - destination:
            host: echo
            port:
              number: 9080
`;

function workloadEntry(name: string, index: number): string {
  return `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: ${name}
  annotations:
    local.fairlead.dev/command: node ${APP}
    local.fairlead.dev/env: '{"NAME": "${name}"}'
spec:
  address: 127.0.10.${21 + index}
  serviceAccount: echo
  labels:
    app: echo
    version: v1
    security.istio.io/tlsMode: istio
`;
}
