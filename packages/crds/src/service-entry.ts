import { isIP } from "node:net";
import { z } from "zod";
import { protocol } from "./gateway.ts";
import { duplicates, exportTo } from "./schema/common.ts";
import { addressBlock, port, wildcardHost } from "./schema/network.ts";
import { checked, choice, type Finding, labels, list, nonEmptyList, object } from "./schema/object.ts";
import type { UnsupportedField } from "./unsupported.ts";
import { workloadEntrySchema } from "./workload-entry.ts";

const servicePort = object({ number: port, protocol: protocol.optional(), name: z.string().min(1).max(63), targetPort: port.optional() });

const serviceEntryFields = object({
  hosts: nonEmptyList(wildcardHost),
  addresses: list(addressBlock),
  ports: list(servicePort),
  location: choice(["MESH_EXTERNAL", "MESH_INTERNAL"]).default("MESH_EXTERNAL"),
  resolution: choice(["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"]).default("NONE"),
  endpoints: list(workloadEntrySchema),
  workloadSelector: object({ labels }).optional(),
  exportTo,
  subjectAltNames: list(z.string().min(1)),
});

/** Services that the mesh knows of (networking.istio.io ServiceEntry). */
export const serviceEntrySchema = checked(serviceEntryFields, (spec) => [
  ...hostFindings(spec),
  ...portFindings(spec.ports),
  ...endpointFindings(spec),
  ...resolutionFindings(spec),
]);

export type ServiceEntrySpec = z.output<typeof serviceEntryFields>;
type Spec = Pick<ServiceEntrySpec, "hosts" | "addresses" | "ports" | "resolution" | "endpoints" | "workloadSelector">;

/** What of the kind this version reads but does not do. */
export const serviceEntryUnsupported: readonly UnsupportedField[] = [
  { path: "resolution", values: ["DYNAMIC_DNS"], effect: "the hosts are not reachable", hint: "use NONE, STATIC or DNS" },
  { path: "ports[].protocol", pattern: /^udp$/i, effect: "the port is left out" },
];

function hostFindings(spec: Spec): readonly Finding[] {
  return [
    ...spec.hosts.flatMap((host, index) =>
      host === "*" ? [{ message: '"*" would stand for every host there is', path: ["hosts", index] }] : [],
    ),
    ...duplicates(spec.hosts.map((host) => host.toLowerCase())).map(({ value, index }) => ({
      message: `host "${value}" is there twice`,
      path: ["hosts", index],
    })),
  ];
}

function portFindings(ports: Spec["ports"]): readonly Finding[] {
  return [
    ...duplicates(ports.map(({ name }) => name)).map(({ value, index }) => ({
      message: `another port is called "${value}" already`,
      path: ["ports", index, "name"],
    })),
    ...duplicates(ports.map(({ number }) => String(number))).map(({ value, index }) => ({
      message: `port ${value} is there twice`,
      path: ["ports", index, "number"],
    })),
  ];
}

function endpointFindings(spec: Spec): readonly Finding[] {
  if (spec.endpoints.length > 0 && spec.workloadSelector !== undefined)
    return [
      {
        code: "conflicting-fields",
        message: "endpoints and workloadSelector exclude each other",
        hint: "keep one of them",
        path: ["workloadSelector"],
      },
    ];
  if (spec.resolution === "NONE" && spec.endpoints.length > 0)
    return [
      {
        code: "conflicting-fields",
        message: "resolution NONE forwards to the address asked for and has no endpoints",
        hint: "use STATIC or DNS",
        path: ["endpoints"],
      },
    ];
  const names = new Set(spec.ports.map(({ name }) => name));
  return spec.endpoints.flatMap((endpoint, index) =>
    Object.keys(endpoint.ports)
      .filter((name) => !names.has(name))
      .map((name) => ({ message: `no port of the service is called "${name}"`, path: ["endpoints", index, "ports", name] })),
  );
}

function resolutionFindings(spec: Spec): readonly Finding[] {
  const hasWildcard = spec.hosts.some((host) => host.startsWith("*"));
  const isDns = spec.resolution === "DNS" || spec.resolution === "DNS_ROUND_ROBIN";
  const wildcard =
    isDns && hasWildcard && spec.endpoints.length === 0
      ? [
          {
            message: `resolution ${spec.resolution} cannot resolve a wildcard`,
            hint: "name full hosts, or endpoints",
            path: ["resolution"],
          },
        ]
      : [];
  const roundRobin =
    spec.resolution === "DNS_ROUND_ROBIN" && spec.endpoints.length > 1
      ? [{ message: "resolution DNS_ROUND_ROBIN takes at most one endpoint", path: ["endpoints"] }]
      : [];
  const names =
    spec.resolution !== "STATIC"
      ? []
      : spec.endpoints.flatMap(({ address }, index) =>
          address === undefined || isIP(address) !== 0 || address.startsWith("unix://")
            ? []
            : [
                {
                  message: `resolution STATIC needs an IP address, got "${address}"`,
                  hint: "use DNS for host names",
                  path: ["endpoints", index, "address"],
                },
              ],
        );
  const blocks = isDns
    ? spec.addresses.flatMap((address, index) =>
        address.includes("/")
          ? [{ message: `a CIDR block needs resolution NONE or STATIC, not ${spec.resolution}`, path: ["addresses", index] }]
          : [],
      )
    : [];
  return [...wildcard, ...roundRobin, ...names, ...blocks];
}
