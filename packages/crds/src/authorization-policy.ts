import { z } from "zod";
import { headerNameMistake, workloadSelector } from "./schema/common.ts";
import { addressBlock } from "./schema/network.ts";
import { atMostOne, checked, choice, type Finding, list, nonEmptyList, object, present, text } from "./schema/object.ts";
import { targetReference } from "./schema/target-reference.ts";
import type { UnsupportedField } from "./unsupported.ts";

/** A list that is empty would match everything, which is hardly what its writer meant. */
const values = nonEmptyList(z.string().min(1)).optional();
const blocks = nonEmptyList(addressBlock).optional();
const serviceAccounts = nonEmptyList(
  text((value) =>
    /^([^/*\s]+\/)?[^/*\s]+$/.test(value)
      ? undefined
      : `"${value}" is no service account: write <name> or <namespace>/<name>, without wildcard`,
  ),
).optional();
const portNumbers = nonEmptyList(
  text((value) => (/^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535 ? undefined : `"${value}" is no port`)),
).optional();
const paths = nonEmptyList(
  text((value) => {
    if (!/[{}]/.test(value)) return undefined;
    return isPathTemplate(value)
      ? undefined
      : {
          message: `"${value}" is no valid path template`,
          hint: "{*} stands for one segment, {**} for any number, and nothing of the kind may follow it",
        };
  }),
).optional();

/** Fields of which at least one has to be there: an empty object would match everything. */
function someOf<Schema extends z.ZodType<object>>(schema: Schema, what: string): Schema {
  return checked(schema, (value) =>
    Object.values(value).every((field) => field === undefined)
      ? [{ code: "missing-field", message: `${what} without any field matches everything` }]
      : [],
  );
}

/** Istio's Source. */
const source = checked(
  someOf(
    object({
      principals: values,
      notPrincipals: values,
      requestPrincipals: values,
      notRequestPrincipals: values,
      namespaces: values,
      notNamespaces: values,
      serviceAccounts,
      notServiceAccounts: serviceAccounts,
      ipBlocks: blocks,
      notIpBlocks: blocks,
      remoteIpBlocks: blocks,
      notRemoteIpBlocks: blocks,
      trustDomains: values,
      notTrustDomains: values,
    }),
    "a source",
  ),
  (value) =>
    value.serviceAccounts === undefined && value.notServiceAccounts === undefined
      ? []
      : present(value, ["principals", "notPrincipals", "namespaces", "notNamespaces"]).map((field) => ({
          code: "conflicting-fields",
          message: `${field} and service accounts exclude each other`,
          path: [field],
        })),
);

/** Istio's Operation. */
const operation = someOf(
  object({
    hosts: values,
    notHosts: values,
    ports: portNumbers,
    notPorts: portNumbers,
    methods: values,
    notMethods: values,
    paths,
    notPaths: paths,
  }),
  "an operation",
);

const PLAIN_KEYS = [
  "source.ip", "remote.ip", "source.namespace", "source.serviceAccount", "source.principal", "source.trustDomain",
  "request.auth.principal", "request.auth.audiences", "request.auth.presenter", "destination.ip", "destination.port", "connection.sni",
] as const; // prettier-ignore

const conditionKey = text((key) => {
  if (PLAIN_KEYS.some((plain) => plain === key)) return undefined;
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  if (header !== undefined) return headerNameMistake(header);
  if (/^request\.auth\.claims(\[[^\]]+\])+$/.test(key) || key.startsWith("experimental.envoy.filters.")) return undefined;
  return { message: `"${key}" is no attribute`, hint: `attributes are request.headers[<name>], ${PLAIN_KEYS.join(", ")}` };
});

const conditionFields = object({ key: conditionKey, values, notValues: values });

/** Istio's Condition. */
const condition = checked(conditionFields, (value) => [
  ...(value.values === undefined && value.notValues === undefined
    ? [{ code: "missing-field", message: "values or notValues is required" }]
    : []),
  ...conditionValueFindings(value),
]);

const rule = object({
  from: nonEmptyList(object({ source })).optional(),
  to: nonEmptyList(object({ operation })).optional(),
  when: nonEmptyList(condition).optional(),
});

/** Who may do what at some workloads (security.istio.io AuthorizationPolicy). */
export const authorizationPolicySchema = checked(
  object({
    selector: workloadSelector.optional(),
    targetRef: targetReference.optional(),
    targetRefs: list(targetReference),
    action: choice(["ALLOW", "DENY", "AUDIT", "CUSTOM"]).default("ALLOW"),
    provider: object({ name: z.string().min(1) }).optional(),
    rules: list(rule),
  }),
  (spec) => [
    ...atMostOne(spec, ["selector", "targetRef"]),
    ...(spec.action === "CUSTOM" && spec.provider === undefined
      ? [{ code: "missing-field", message: "action CUSTOM needs provider.name", path: ["provider"] }]
      : []),
    ...(spec.action !== "CUSTOM" && spec.provider !== undefined
      ? [{ code: "conflicting-fields", message: `provider has no meaning with action ${spec.action}`, path: ["provider"] }]
      : []),
    ...(spec.action === "DENY" && spec.rules.length === 0
      ? [
          {
            code: "missing-field",
            message: "a DENY policy without rules never denies",
            hint: "write rules: [{}] to deny everything",
            path: ["rules"],
          },
        ]
      : []),
  ],
);

export type AuthorizationPolicySpec = z.output<typeof authorizationPolicySchema>;
export type AuthorizationSourceSpec = z.output<typeof source>;
export type AuthorizationOperationSpec = z.output<typeof operation>;
export type AuthorizationConditionSpec = z.output<typeof conditionFields>;

/** What of the kind this version reads but does not do; never so that more would be allowed than is written. */
export const authorizationPolicyUnsupported: readonly UnsupportedField[] = [
  { path: "targetRef", effect: "the policy selects nothing", hint: "use selector" },
  { path: "targetRefs", effect: "the policy selects nothing", hint: "use selector" },
];

function conditionValueFindings(value: Pick<AuthorizationConditionSpec, "key" | "values" | "notValues">): readonly Finding[] {
  const isIp = value.key === "source.ip" || value.key === "remote.ip" || value.key === "destination.ip";
  const isPort = value.key === "destination.port";
  if (!isIp && !isPort) return [];
  return (["values", "notValues"] as const).flatMap((field) =>
    (value[field] ?? []).flatMap((entry, index) => {
      const isValid = isIp ? addressBlock.safeParse(entry).success : /^[1-9]\d{0,4}$/.test(entry);
      return isValid
        ? []
        : [{ message: isIp ? `"${entry}" is neither an IP address nor a CIDR block` : `"${entry}" is no port`, path: [field, index] }];
    }),
  );
}

/** Istio's path templates: `{*}` is one segment, `{**}` any number, after which no other may follow; no other wildcards beside them. */
function isPathTemplate(path: string): boolean {
  const segments = path.split("/").slice(1);
  const any = segments.indexOf("{**}");
  const operators = new Set(["{*}", "{**}"]);
  return (
    path.startsWith("/") && segments.every((segment, index) => (operators.has(segment) ? any < 0 || index <= any : !/[{}*]/.test(segment)))
  );
}
