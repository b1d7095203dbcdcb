import { failure, formatSpiffeId, type Result, type SpiffeId, success } from "@fairlead/kit";
import type { ProxyIdentity } from "../proxy-identity.ts";

/** A proxy gets the configuration of the workload that its certificate is for, and of no other. */
export function authorizePeer(peer: SpiffeId, proxy: ProxyIdentity, trustDomain: string): Result<true, string> {
  const claimed = { trustDomain, namespace: proxy.namespace, serviceAccount: proxy.serviceAccount };
  if (formatSpiffeId(peer) === formatSpiffeId(claimed)) return success(true);
  return failure(`certificate is of ${formatSpiffeId(peer)}, but node "${proxy.id}" says it is ${formatSpiffeId(claimed)}`);
}
