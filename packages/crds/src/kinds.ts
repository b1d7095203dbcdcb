import type { z } from "zod";
import { type AuthorizationPolicySpec, authorizationPolicySchema, authorizationPolicyUnsupported } from "./authorization-policy.ts";
import { type DestinationRuleSpec, destinationRuleSchema, destinationRuleUnsupported } from "./destination-rule/destination-rule.ts";
import { type GatewaySpec, gatewaySchema, gatewayUnsupported } from "./gateway.ts";
import { type IstioOperatorSpec, istioOperatorSchema, istioOperatorUnsupported } from "./istio-operator.ts";
import { type PeerAuthenticationSpec, peerAuthenticationSchema } from "./peer-authentication.ts";
import { type RequestAuthenticationSpec, requestAuthenticationSchema, requestAuthenticationUnsupported } from "./request-authentication.ts";
import { type ServiceEntrySpec, serviceEntrySchema, serviceEntryUnsupported } from "./service-entry.ts";
import type { UnsupportedField } from "./unsupported.ts";
import { type VirtualServiceSpec, virtualServiceSchema, virtualServiceUnsupported } from "./virtual-service/virtual-service.ts";
import { type WorkloadEntrySpec, workloadEntrySchema, workloadEntryUnsupported } from "./workload-entry.ts";

/** The `spec` of each kind, parsed: defaults filled in, durations in milliseconds. */
export interface SpecOf {
  readonly Gateway: GatewaySpec;
  readonly VirtualService: VirtualServiceSpec;
  readonly DestinationRule: DestinationRuleSpec;
  readonly ServiceEntry: ServiceEntrySpec;
  readonly WorkloadEntry: WorkloadEntrySpec;
  readonly PeerAuthentication: PeerAuthenticationSpec;
  readonly RequestAuthentication: RequestAuthenticationSpec;
  readonly AuthorizationPolicy: AuthorizationPolicySpec;
  readonly IstioOperator: IstioOperatorSpec;
}

export type Kind = keyof SpecOf;

export interface KindDefinition<Spec> {
  readonly group: string;
  /** Newest first; all of them mean the same. */
  readonly versions: readonly string[];
  readonly schema: z.ZodType<Spec>;
  readonly unsupported: readonly UnsupportedField[];
}

const NETWORKING = { group: "networking.istio.io", versions: ["v1", "v1beta1", "v1alpha3"] };
const SECURITY = { group: "security.istio.io", versions: ["v1", "v1beta1"] };

/** The kinds that Fairlead reads. */
export const KINDS: { readonly [K in Kind]: KindDefinition<SpecOf[K]> } = {
  Gateway: { ...NETWORKING, schema: gatewaySchema, unsupported: gatewayUnsupported },
  VirtualService: { ...NETWORKING, schema: virtualServiceSchema, unsupported: virtualServiceUnsupported },
  DestinationRule: { ...NETWORKING, schema: destinationRuleSchema, unsupported: destinationRuleUnsupported },
  ServiceEntry: {
    ...NETWORKING,
    schema: serviceEntrySchema,
    unsupported: [
      ...serviceEntryUnsupported,
      ...workloadEntryUnsupported.map((field) => ({ ...field, path: `endpoints[].${field.path}` })),
    ],
  },
  WorkloadEntry: { ...NETWORKING, schema: workloadEntrySchema, unsupported: workloadEntryUnsupported },
  PeerAuthentication: { ...SECURITY, schema: peerAuthenticationSchema, unsupported: [] },
  RequestAuthentication: { ...SECURITY, schema: requestAuthenticationSchema, unsupported: requestAuthenticationUnsupported },
  AuthorizationPolicy: { ...SECURITY, schema: authorizationPolicySchema, unsupported: authorizationPolicyUnsupported },
  IstioOperator: { group: "install.istio.io", versions: ["v1alpha1"], schema: istioOperatorSchema, unsupported: istioOperatorUnsupported },
};

/** Kinds of Istio that this version knows by name only. */
export const OTHER_KINDS: Readonly<Record<string, readonly string[]>> = {
  "networking.istio.io": ["EnvoyFilter", "ProxyConfig", "Sidecar", "WorkloadGroup"],
  "telemetry.istio.io": ["Telemetry"],
  "extensions.istio.io": ["WasmPlugin", "TrafficExtension"],
};

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(KINDS, kind);
}
