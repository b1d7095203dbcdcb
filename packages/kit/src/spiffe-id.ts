import { failure, type Result, success } from "./result.ts";

/** `spiffe://<trustDomain>/ns/<namespace>/sa/<serviceAccount>`, the form Istio gives to workloads. */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
// Kubernetes names: a namespace is a DNS label, a service account a DNS subdomain.
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SERVICE_ACCOUNT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const WORKLOAD_URI = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;

export function formatSpiffeId(id: SpiffeId): string {
  return `spiffe://${id.trustDomain}/ns/${id.namespace}/sa/${id.serviceAccount}`;
}

/** Parses a workload's SPIFFE ID (SPIFFE-ID standard §2, in Istio's path layout). */
export function parseSpiffeId(uri: string): Result<SpiffeId, string> {
  const match = WORKLOAD_URI.exec(uri);
  if (match === null)
    return failure(`not a workload identity of the form spiffe://<trust domain>/ns/<namespace>/sa/<service account>: "${uri}"`);
  const [, trustDomain = "", namespace = "", serviceAccount = ""] = match;
  if (!TRUST_DOMAIN.test(trustDomain)) return failure(`invalid trust domain "${trustDomain}" in "${uri}"`);
  if (!NAMESPACE.test(namespace)) return failure(`invalid namespace "${namespace}" in "${uri}"`);
  if (!SERVICE_ACCOUNT.test(serviceAccount)) return failure(`invalid service account "${serviceAccount}" in "${uri}"`);
  return success({ trustDomain, namespace, serviceAccount });
}
