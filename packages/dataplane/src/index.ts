export type {
  CertificateConfig,
  ClusterConfig,
  ClusterLimits,
  ClusterTlsConfig,
  EndpointConfig,
  ForwardAction,
  HeaderChanges,
  HostConfig,
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
  StringMatch,
  TcpListenerConfig,
  UpstreamProtocol,
  WeightedCluster,
} from "./config.ts";
export { type AskedRequest, checkConfig, explain, explainDump } from "./explain.ts";
export { Proxy, type ProxyOptions } from "./proxy.ts";
export type { EngineProblem as ProxyProblem, ProxyLimits } from "./native/engine.ts";
export { ProxyError, type ProxyErrorCode } from "./native/errors.ts";
export type { ProxyDecision, ProxyExplainedEndpoint, ProxyExplainRequest, ProxyExplanation, ProxyStat } from "@fairlead/api";
