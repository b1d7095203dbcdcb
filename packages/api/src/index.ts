export {};
export type {
  ProxyAdminError,
  ProxyCertificate,
  ProxyCertificates,
  ProxyConfigDump,
  ProxyDecision,
  ProxyEngineConfig,
  ProxyExplainedEndpoint,
  ProxyExplainRequest,
  ProxyExplanation,
  ProxyNode,
  ProxyReportStatus,
  ProxyResourceProblem,
  ProxyServerInfo,
  ProxyState,
  ProxyXdsStatus,
  ProxyXdsTypeStatus,
} from "./proxy-admin-api.ts";
