import { ADDRESSES, labelsOf, type PodName } from "./pod-mesh.ts";

/** Addresses of services; nobody has them, they only exist between an application and its proxy. */
export const VIPS = { echo: "10.96.0.10", bytes: "10.96.0.11" } as const;

const workloadEntry = (pod: PodName): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${pod}, namespace: default }
spec: { address: ${ADDRESSES[pod]}, serviceAccount: ${pod}, labels: ${JSON.stringify(labelsOf(pod))} }
`;

const SERVICES = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo.default.svc.cluster.local]
  addresses: [${VIPS.echo}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  workloadSelector: { labels: { app: echo } }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bytes, namespace: default }
spec:
  hosts: [bytes.default.svc.cluster.local]
  addresses: [${VIPS.bytes}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 9000, name: tcp, protocol: TCP }]
  workloadSelector: { labels: { app: echo, version: v2 } }
`;

const ROUTING = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: default }
spec:
  host: echo.default.svc.cluster.local
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo.default.svc.cluster.local]
  http:
    - name: own
      match: [{ headers: { x-version: { exact: v1 } } }]
      route: [{ destination: { host: echo.default.svc.cluster.local, subset: v1 } }]
    - name: moved
      match: [{ uri: { prefix: /old } }]
      rewrite: { uri: /new }
      route: [{ destination: { host: echo.default.svc.cluster.local, subset: v2 } }]
    - name: default
      route: [{ destination: { host: echo.default.svc.cluster.local, subset: v2 } }]
`;

// Without the port it would refuse every TCP connection of a: what only HTTP can say is left out of a refusal there, as in Istio.
const AUTHORIZATION = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: not-for-everyone, namespace: default }
spec:
  selector: { matchLabels: { version: v2 } }
  action: DENY
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/a] } }]
      to: [{ operation: { paths: [/secret*], ports: ["8080"] } }]
    - from: [{ source: { principals: [cluster.local/ns/default/sa/b] } }]
      to: [{ operation: { ports: ["9000"] } }]
`;

export const CONFIGURATION: Readonly<Record<string, string>> = {
  "workloads.yaml": [workloadEntry("a"), workloadEntry("b")].join("---"),
  "services.yaml": SERVICES,
  "routing.yaml": ROUTING,
  "security.yaml": AUTHORIZATION,
};

/** Beside the rest: b takes mutual TLS only. */
export const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: strict, namespace: default }
spec: { selector: { matchLabels: { version: v2 } }, mtls: { mode: STRICT } }
`;
