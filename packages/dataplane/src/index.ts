export type {
  CertificateConfig,
  ClusterConfig,
  ClusterLimits,
  ClusterTlsConfig,
  EndpointConfig,
  FailurePercentageConfig,
  ForwardAction,
  GrpcHealthCheckConfig,
  HeaderChanges,
  HealthCheckConfig,
  HealthCheckTiming,
  HostConfig,
  HttpHealthCheckConfig,
  HttpListenerConfig,
  ListenerConfig,
  ListenerTlsConfig,
  OutlierDetectionConfig,
  PathMatch,
  ProxyConfig,
  RedirectAction,
  RespondAction,
  RetryCondition,
  RetryConfig,
  RouteAction,
  RouteConfig,
  RouteMatch,
  StatusRangeConfig,
  StringMatch,
  SuccessRateConfig,
  TcpHealthCheckConfig,
  TcpListenerConfig,
  UpstreamProtocol,
  WeightedCluster,
} from "./config.ts";
export type {
  AccessConfig,
  AccessLogConfig,
  ClientMatch,
  CorsConfig,
  FaultAbortConfig,
  FaultConfig,
  FaultDelayConfig,
  FilterConfig,
  HashConfig,
  RateLimitConfig,
  TokenIssuerConfig,
  TokenRequirementConfig,
} from "./policy-config.ts";
export { type AskedRequest, checkConfig, explain, explainDump } from "./explain.ts";
export type { JsonValue } from "./bootstrap.ts";
export type { ProxyEndpoint, ProxyListener } from "./endpoints.ts";
export type { ProxyReport, ProxyRequestSample, ProxyRequestTotals } from "./proxy-report.ts";
export type { FilterProblem } from "./filters/host.ts";
export { giveWayToWorkers } from "./native/addon.ts";
export { Proxy, type ProxyFilterOptions, type ProxyOptions } from "./proxy.ts";
export type { EngineProblem as ProxyProblem, ProxyLimits } from "./native/engine.ts";
export { ProxyError, type ProxyErrorCode, type ProxyErrorFault } from "./native/errors.ts";
export type { ProxyDecision, ProxyExplainedEndpoint, ProxyExplainRequest, ProxyExplanation, ProxyStat } from "@fairlead/api";
