import { create } from "@bufbuild/protobuf";
import {
  type Permission as XdsPermission,
  PermissionSchema,
  PolicySchema,
  type Principal as XdsPrincipal,
  PrincipalSchema,
  type RBAC,
  RBAC_Action,
  RBACSchema,
} from "@fairlead/api/gen/envoy/config/rbac/v3/rbac_pb";
import { RBACSchema as HttpRbacSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb";
import { RBACSchema as NetworkRbacSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/rbac/v3/rbac_pb";
import type { AccessRules, AskedAccess, HttpAccessControl, NetworkAccessControl, Permission, Principal } from "../../../ir/filter.ts";
import { pack } from "../any.ts";
import { toCidrRange, toHeaderMatcher, toStringMatcher } from "../match.ts";
import { metadataValue, toClaimMatcher, toMetadataMatcher } from "../metadata-match.ts";
import type { NamedExtension } from "./named-extension.ts";

/** How statistics and metadata of rules that only count call themselves (Istio's prefix). */
const dryRunPrefix = (rules: AccessRules): string => `istio_dry_run_${rules.action}_`;

export function toHttpRbac(filter: HttpAccessControl): NamedExtension {
  const rules = toRules(filter.rules);
  const typedConfig = filter.dryRun
    ? pack(HttpRbacSchema, { shadowRules: rules, shadowRulesStatPrefix: dryRunPrefix(filter.rules) })
    : pack(HttpRbacSchema, { rules });
  return { name: RBAC_FILTER, typedConfig };
}

/** Before the names of what rules leave in the metadata for the filter that asks a service (Istio's prefix). */
export const ASKED_PREFIX = "istio_ext_authz_";
export const RBAC_FILTER = "envoy.filters.http.rbac";

/** Marks requests that a service is to be asked about. */
export function toAskingRbac({ rules }: AskedAccess): NamedExtension {
  return { name: RBAC_FILTER, typedConfig: pack(HttpRbacSchema, { shadowRules: toRules(rules), shadowRulesStatPrefix: ASKED_PREFIX }) };
}

export function toNetworkRbac(filter: NetworkAccessControl): NamedExtension {
  const rules = toRules(filter.rules);
  const statPrefix = `${filter.statPrefix}.`;
  const typedConfig = filter.dryRun
    ? pack(NetworkRbacSchema, { shadowRules: rules, shadowRulesStatPrefix: dryRunPrefix(filter.rules), statPrefix })
    : pack(NetworkRbacSchema, { rules, statPrefix });
  return { name: "envoy.filters.network.rbac", typedConfig };
}

const ACTIONS = { allow: RBAC_Action.ALLOW, deny: RBAC_Action.DENY, audit: RBAC_Action.LOG } as const;

function toRules(rules: AccessRules): RBAC {
  return create(RBACSchema, {
    action: ACTIONS[rules.action],
    policies: Object.fromEntries(
      rules.policies.map((policy) => [
        policy.name,
        create(PolicySchema, { permissions: [toPermission(policy.permission)], principals: [toPrincipal(policy.principal)] }),
      ]),
    ),
  });
}

function toPermission(from: Permission): XdsPermission {
  switch (from.kind) {
    case "any":
      return create(PermissionSchema, { rule: { case: "any", value: true } });
    case "and":
      return create(PermissionSchema, { rule: { case: "andRules", value: { rules: from.of.map(toPermission) } } });
    case "or":
      return create(PermissionSchema, { rule: { case: "orRules", value: { rules: from.of.map(toPermission) } } });
    case "not":
      return create(PermissionSchema, { rule: { case: "notRule", value: toPermission(from.of) } });
    case "header":
      return create(PermissionSchema, { rule: { case: "header", value: toHeaderMatcher(from.match) } });
    case "path":
      return create(PermissionSchema, { rule: { case: "urlPath", value: { rule: { case: "path", value: toStringMatcher(from.match) } } } });
    case "destination-port":
      return create(PermissionSchema, { rule: { case: "destinationPort", value: from.port } });
    case "destination-ip":
      return create(PermissionSchema, { rule: { case: "destinationIp", value: toCidrRange(from.block) } });
    case "metadata": {
      const metadataMatcher = toMetadataMatcher(from.filter, [from.key], metadataValue(from.values));
      return create(PermissionSchema, { rule: { case: "sourcedMetadata", value: { metadataMatcher } } });
    }
    case "server-name":
      return create(PermissionSchema, { rule: { case: "requestedServerName", value: toStringMatcher(from.match) } });
  }
}

function toPrincipal(from: Principal): XdsPrincipal {
  switch (from.kind) {
    case "any":
      return create(PrincipalSchema, { identifier: { case: "any", value: true } });
    case "and":
      return create(PrincipalSchema, { identifier: { case: "andIds", value: { ids: from.of.map(toPrincipal) } } });
    case "or":
      return create(PrincipalSchema, { identifier: { case: "orIds", value: { ids: from.of.map(toPrincipal) } } });
    case "not":
      return create(PrincipalSchema, { identifier: { case: "notId", value: toPrincipal(from.of) } });
    case "identity":
      return create(PrincipalSchema, { identifier: { case: "authenticated", value: { principalName: toStringMatcher(from.match) } } });
    case "header":
      return create(PrincipalSchema, { identifier: { case: "header", value: toHeaderMatcher(from.match) } });
    case "claim":
      return create(PrincipalSchema, {
        identifier: { case: "sourcedMetadata", value: { metadataMatcher: toClaimMatcher(from.path, from.match) } },
      });
    case "peer-ip":
      return create(PrincipalSchema, { identifier: { case: "directRemoteIp", value: toCidrRange(from.block) } });
    case "client-ip":
      return create(PrincipalSchema, { identifier: { case: "remoteIp", value: toCidrRange(from.block) } });
  }
}
