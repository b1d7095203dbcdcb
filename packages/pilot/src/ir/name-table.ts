import type { Origin } from "@fairlead/kit";

/** What a proxy answers questions of DNS by. */
export interface NameTable {
  readonly hosts: readonly HostNames[];
}

/** A host, its addresses and its short names. */
export interface HostNames {
  /** Full name; may start with `*.`. */
  readonly host: string;
  /** IP addresses, at least one. */
  readonly addresses: readonly string[];
  /** Where the host is named like a service of Kubernetes: `reviews` in `default` is also `reviews.default` and, there, `reviews`. */
  readonly service: { readonly name: string; readonly namespace: string } | undefined;
  readonly origin: Origin;
}
