import type { TestCertificates } from "../certificates.ts";
import type { Address } from "../contenders/contender.ts";

/** A configuration by its size: what is measured is how memory grows with each of these. */
export interface Shape {
  /** Of one endpoint each. */
  readonly clusters: number;
  /** Of the first cluster. */
  readonly endpoints: number;
  /** Each by a path of its own, to both of the first two clusters. */
  readonly routes: number;
}

export const SMALLEST: Shape = { clusters: 2, endpoints: 1, routes: 1 };

/** Where a proxy of any shape serves: plain and with mutual TLS; and where requests end. */
export interface Places {
  readonly plain: Address;
  readonly secure: Address;
  readonly backend: Address;
  readonly certificates: TestCertificates;
}

export const clusterName = (index: number): string => `cluster-${index}.default.svc.cluster.local`;
export const routePath = (index: number): string => `/service-${index}/`;

/** An address that nobody has to listen on: of a shape's endpoints only the first is ever called. */
export function endpointAddress(index: number, backend: Address): Address {
  return index === 0 ? backend : { host: `127.77.${(index >> 8) & 255}.${index & 255}`, port: 9000 + (index >> 16) };
}
