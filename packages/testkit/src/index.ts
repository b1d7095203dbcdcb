export { createSelfSigned, createTestAuthority, type TestAuthority, type TestCertificate } from "./certificates.ts";
export { type Echo, type EchoServer, startEchoServer } from "./echo-server.ts";
export { freePort } from "./free-port.ts";
export {
  type HttpRequest,
  type LoadOptions,
  type LoadSummary,
  type Outcome,
  type RunningLoad,
  send,
  startClients,
  startConstantRate,
} from "./load-client.ts";
export { createTempFolder, type TempFolder } from "./temp-folder.ts";
export { type Exit, startProcess, type TestProcess, type TestProcessOptions } from "./test-process.ts";
export { until, type UntilOptions } from "./until.ts";
