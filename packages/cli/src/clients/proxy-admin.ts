import type { ProxyCertificates, ProxyConfigDump, ProxyExplanation, ProxyExplainRequest, ProxyServerInfo } from "@fairlead/api";
import { CliError } from "../cli-error.ts";
import type { MeshFile } from "../local/mesh-file.ts";
import { requestJson } from "./http-json.ts";

export type MeshProxy = MeshFile["proxies"][number];

/** A proxy's admin API, typed. */
export interface ProxyAdminClient {
  serverInfo(): Promise<ProxyServerInfo>;
  /** The same, undefined where the proxy is none of ours (a stock Envoy): then only Pilot knows about it. */
  ownServerInfo(): Promise<ProxyServerInfo | undefined>;
  configDump(): Promise<ProxyConfigDump>;
  certificates(): Promise<ProxyCertificates>;
  explain(request: ProxyExplainRequest): Promise<ProxyExplanation>;
  /** Replaces key and certificate now. */
  rotateCertificates(): Promise<void>;
}

export function createProxyAdminClient(proxy: Pick<MeshProxy, "name" | "adminAddress" | "agentAddress">): ProxyAdminClient {
  const who = `the proxy of ${proxy.name}`;
  // The proxy is of the same version and its shapes are types only: what it answers is taken as it is.
  const askAt = <Answer>(address: string, path: string, body?: unknown): Promise<Answer> =>
    requestJson({ address, path, who, ...(body === undefined ? {} : { method: "POST", body }) }) as Promise<Answer>;
  const ask = <Answer>(path: string, body?: unknown): Promise<Answer> => askAt(proxy.adminAddress, path, body);
  const certificateAddress = proxy.agentAddress ?? proxy.adminAddress;
  return {
    serverInfo: () => ask("/fairlead/server_info"),
    ownServerInfo: async () => (isOurs(await ask("/server_info")) ? ask("/fairlead/server_info") : undefined),
    configDump: () => ask("/fairlead/config_dump"),
    certificates: () => askAt(certificateAddress, "/fairlead/certs"),
    explain: (request) => ask("/explain", request),
    rotateCertificates: async () => void (await askAt(certificateAddress, "/rotate_certificates", {})),
  };
}

/** Both answer Envoy's `ServerInfo` there; the version says who it is. */
function isOurs(info: unknown): boolean {
  return typeof info === "object" && info !== null && "version" in info && String(info.version).startsWith("fairlead/");
}

/** Finds a proxy by what a person calls it: `reviews-v1`, `default/reviews-v1`, or a beginning that only one has (`productpage`). */
export function findProxy(mesh: MeshFile, wanted: string): MeshProxy {
  const name = wanted.replace(/-proxy$/, "");
  const exact = mesh.proxies.filter((proxy) => proxy.name === name || `${proxy.namespace}/${proxy.name}` === name);
  const begun =
    exact.length > 0
      ? exact
      : mesh.proxies.filter((proxy) => proxy.name.startsWith(name) || `${proxy.namespace}/${proxy.name}`.startsWith(name));
  const [only, ...others] = begun;
  if (only !== undefined && others.length === 0) return only;
  const choices = (begun.length > 0 ? begun : mesh.proxies).map((proxy) => proxy.name).join(", ");
  throw new CliError(
    begun.length > 0 ? `"${wanted}" may be any of ${choices}` : `there is no proxy "${wanted}"`,
    begun.length > 0 ? "name one of them" : `there are ${choices}`,
  );
}
