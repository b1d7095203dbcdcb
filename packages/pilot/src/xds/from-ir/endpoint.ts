import { create } from "@bufbuild/protobuf";
import { type Address, AddressSchema } from "@fairlead/api/gen/envoy/config/core/v3/address_pb";
import { type ClusterLoadAssignment, ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import type { LbEndpointSchema, LocalityLbEndpointsSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_components_pb";
import type { ClusterEndpoints, Endpoint, LocalityEndpoints, Workload } from "../../ir/endpoint.ts";
import { type Init, metadata } from "./any.ts";

/** Fourth part of `istio.workload` metadata is the cluster; a mesh without Kubernetes has none by name. */
const CLUSTER_ID = "Kubernetes";
const UNIX_PREFIX = "unix://";

export function toLoadAssignment(endpoints: ClusterEndpoints): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, { clusterName: endpoints.clusterName, endpoints: toLocalities(endpoints.localities) });
}

export function toLocalities(localities: readonly LocalityEndpoints[]): Init<typeof LocalityLbEndpointsSchema>[] {
  return localities.map(({ locality, endpoints, priority, weight }) => ({
    locality: locality === undefined ? {} : { region: locality.region, zone: locality.zone, subZone: locality.subzone },
    loadBalancingWeight: weight ?? endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0),
    priority,
    lbEndpoints: endpoints.map(toEndpoint),
  }));
}

/** IP address or host name with a port, or a `unix://` path. */
export function toAddress(address: string, port: number): Address {
  if (address.startsWith(UNIX_PREFIX))
    return create(AddressSchema, { address: { case: "pipe", value: { path: address.slice(UNIX_PREFIX.length) } } });
  return create(AddressSchema, {
    address: { case: "socketAddress", value: { address, portSpecifier: { case: "portValue", value: port } } },
  });
}

function toEndpoint({ address, port, weight, workload }: Endpoint): Init<typeof LbEndpointSchema> {
  const described = workload.name === "" ? {} : { istio: { workload: describe(workload) } };
  const spoken = workload.speaksMeshTls ? { "envoy.transport_socket_match": { tlsMode: "istio" } } : {};
  return {
    hostIdentifier: { case: "endpoint", value: { address: toAddress(address, port) } },
    loadBalancingWeight: weight,
    ...withMetadata(metadata([], "without-lines", { ...spoken, ...described })),
  };
}

function withMetadata(value: ReturnType<typeof metadata>): Pick<Init<typeof LbEndpointSchema>, "metadata"> {
  return value === undefined ? {} : { metadata: value };
}

/** `name;namespace;canonical service;canonical revision;cluster`, as Istio writes it. */
function describe(workload: Workload): string {
  return [workload.name, workload.namespace, workload.canonicalService, workload.canonicalRevision, CLUSTER_ID].join(";");
}
