import type { AccessPolicy } from "../../../model/access-policy.ts";
import type { AuthorizationProvider } from "../../../model/authorization-provider.ts";
import { findAuthorizationProvider } from "../../../model/lookup/access-policy.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { findPort } from "../../../model/service.ts";
import type { HttpFilter } from "../../filter.ts";
import { internList, remember } from "../../remember.ts";
import { rulesOfRequests } from "./authz.ts";
import { knownHost } from "./destination.ts";
import { outboundClusterName } from "./names.ts";
import type { View } from "./view.ts";

/** Access control of requests that services are asked about (Istio's CUSTOM), provider by provider; the same list while nothing changes. */
export function askedAccess(snapshot: MeshSnapshot, view: View, policies: readonly AccessPolicy[]): readonly HttpFilter[] {
  // One that is only tried out asks nobody: the service could not tell such questions from real ones.
  const custom = policies.filter(({ action, dryRun }) => action === "custom" && !dryRun);
  const names = [...new Set(custom.map(({ provider }) => provider))].toSorted();
  return internList(
    names.flatMap((name) => {
      const provider = findAuthorizationProvider(snapshot, name);
      const cluster = provider === undefined ? "" : (clusterOf(snapshot, view, provider) ?? "");
      const own = internList(custom.filter((policy) => policy.provider === name));
      return build(own, provider ?? NOBODY, cluster, name) ?? [];
    }),
  );
}

/** What is left for filters that ask nobody: on connections a service that speaks HTTP is never asked (as in Istio). */
export function withoutHttpProviders(snapshot: MeshSnapshot, policies: readonly AccessPolicy[]): readonly AccessPolicy[] {
  return policies.filter(
    ({ action, provider }) => action !== "custom" || findAuthorizationProvider(snapshot, provider)?.protocol.kind !== "http",
  );
}

const NOBODY = {};

const build = remember(
  (policies: readonly AccessPolicy[], provider: AuthorizationProvider | object, cluster: string, name: string): HttpFilter | undefined => {
    const rules = rulesOfRequests(policies, (rule) => `istio-ext-authz-${name}-${rule}`);
    if (rules.length === 0) return undefined;
    if ("protocol" in provider && cluster !== "")
      return { kind: "asked-access", rules: { action: "deny", policies: rules }, provider, cluster };
    // Whoever cannot be asked does not allow.
    const denied = rules.map((rule) => ({ ...rule, name: `${rule.name}-deny-due-to-bad-CUSTOM-action` }));
    return { kind: "http-access", rules: { action: "deny", policies: denied }, dryRun: false };
  },
);

function clusterOf(snapshot: MeshSnapshot, view: View, provider: AuthorizationProvider): string | undefined {
  const { service } = knownHost(snapshot, view, provider.host);
  if (service === undefined || findPort(service, provider.port) === undefined) return undefined;
  if (provider.namespace !== undefined && provider.namespace !== service.namespace) return undefined;
  return outboundClusterName(service.hostname, provider.port);
}
