import type { AccessPolicy, PeerAuthentication, PeerTlsMode } from "../access-policy.ts";
import type { AuthorizationProvider } from "../authorization-provider.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import type { RequestAuthentication } from "../request-authentication.ts";
import { type Labels, selects } from "../workload.ts";

export interface PolicySubject {
  readonly namespace: string;
  readonly labels: Labels;
}

/** All policies that hold at a workload: of its namespace and of the root namespace, in order of definition; none takes precedence. */
export function accessPoliciesAt(snapshot: MeshSnapshot, subject: PolicySubject): readonly AccessPolicy[] {
  return snapshot.accessPolicies.filter(
    (policy) =>
      (policy.namespace === subject.namespace || policy.namespace === snapshot.settings.rootNamespace) &&
      selects(policy.selector, subject.labels),
  );
}

export function findAuthorizationProvider(
  snapshot: Pick<MeshSnapshot, "authorizationProviders">,
  name: string,
): AuthorizationProvider | undefined {
  return snapshot.authorizationProviders.find((provider) => provider.name === name);
}

/** All request authentications that hold at a workload, in order of definition. */
export function requestAuthenticationsAt(snapshot: MeshSnapshot, subject: PolicySubject): readonly RequestAuthentication[] {
  return snapshot.requestAuthentications.filter(
    (policy) =>
      (policy.namespace === subject.namespace || policy.namespace === snapshot.settings.rootNamespace) &&
      selects(policy.selector, subject.labels),
  );
}

/** What a workload's proxy demands of connections to `port` (the workload's port), and the policy that said so, if any did. */
export interface PeerTls {
  readonly mode: PeerTlsMode;
  readonly policy: PeerAuthentication | undefined;
}

/** Port of the workload's policy, then workload, namespace, mesh; the earliest of several at one level; permissive when nobody says. */
export function peerTlsAt(snapshot: MeshSnapshot, subject: PolicySubject, port: number): PeerTls {
  const own = workloadPeerAuthentication(snapshot, subject);
  const portMode = own?.byPort.get(port);
  if (own !== undefined && portMode !== undefined) return { mode: portMode, policy: own };
  for (const policy of [own, widePolicy(snapshot, subject.namespace), widePolicy(snapshot, snapshot.settings.rootNamespace)])
    if (policy?.mode !== undefined) return { mode: policy.mode, policy };
  return { mode: "permissive", policy: undefined };
}

/** The policy with a selector that holds at a workload; its `byPort` lists the ports that may differ. */
export function workloadPeerAuthentication(snapshot: MeshSnapshot, subject: PolicySubject): PeerAuthentication | undefined {
  return snapshot.peerAuthentications.find(
    (policy) => policy.namespace === subject.namespace && !isWide(policy) && selects(policy.selector, subject.labels),
  );
}

function widePolicy(snapshot: MeshSnapshot, namespace: string): PeerAuthentication | undefined {
  return snapshot.peerAuthentications.find((policy) => policy.namespace === namespace && isWide(policy));
}

function isWide(policy: PeerAuthentication): boolean {
  return Object.keys(policy.selector).length === 0;
}
