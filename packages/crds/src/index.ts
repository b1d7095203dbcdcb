export { type ConfigObject, type MeshObject, objectKey } from "./config-object.ts";
export { type ConfigDocument, readDocuments } from "./document.ts";
export { type FieldPath, formatFieldPath } from "./field-path.ts";
export { isKind, type Kind, KINDS, type KindDefinition, type SpecOf } from "./kinds.ts";
export { DEFAULT_NAMESPACE, parse } from "./parse.ts";
export { didYouMean, suggest } from "./suggest.ts";
export type {
  AuthorizationConditionSpec,
  AuthorizationOperationSpec,
  AuthorizationPolicySpec,
  AuthorizationSourceSpec,
} from "./authorization-policy.ts";
export type { DestinationRuleSpec } from "./destination-rule/destination-rule.ts";
export type {
  ClientTlsSpec,
  ConnectionPoolSpec,
  LoadBalancerSpec,
  OutlierDetectionSpec,
  TrafficPolicySpec,
} from "./destination-rule/traffic-policy.ts";
export type { AskedServiceSpec, ExtensionProviderSpec } from "./extension-provider.ts";
export type { GatewaySpec, ServerTlsSpec } from "./gateway.ts";
export type { PeerAuthenticationSpec } from "./peer-authentication.ts";
export { type JwtRuleSpec, parseJwksUri, type RequestAuthenticationSpec } from "./request-authentication.ts";
export type { ServiceEntrySpec } from "./service-entry.ts";
export type { DestinationSpec, HeadersSpec } from "./virtual-service/destination.ts";
export { grpcStatusNumber, type HttpRouteSpec } from "./virtual-service/http-route.ts";
export type { VirtualServiceSpec } from "./virtual-service/virtual-service.ts";
export type { StringMatchSpec } from "./schema/string-match.ts";
export type { WorkloadEntrySpec } from "./workload-entry.ts";
