import { failure, type Origin, type Problem, type Result, type Severity, success } from "@fairlead/kit";
import type { z } from "zod";
import type { ConfigObject, MeshObject } from "./config-object.ts";
import type { ConfigDocument } from "./document.ts";
import { type FieldPath, formatFieldPath } from "./field-path.ts";
import { describeIssue, type Mistake } from "./issue.ts";
import { isKind, type Kind, KINDS, OTHER_KINDS } from "./kinds.ts";
import { metadataSchema } from "./metadata.ts";
import { didYouMean } from "./suggest.ts";
import { findUnsupported, isRecord } from "./unsupported.ts";

/** Namespace of objects that name none. */
export const DEFAULT_NAMESPACE = "default";

/**
 * Makes an object of a document, or says everything that is wrong with it. Failing with nothing but warnings means that the document is fine but not
 * for us: a kind that this version does not do.
 */
export function parse(document: ConfigDocument): Result<MeshObject, readonly Problem[]> {
  const identity = identify(document);
  if (!identity.ok) return identity;
  switch (identity.value.kind) {
    case "Gateway":
      return parseKind("Gateway", document, identity.value);
    case "VirtualService":
      return parseKind("VirtualService", document, identity.value);
    case "DestinationRule":
      return parseKind("DestinationRule", document, identity.value);
    case "ServiceEntry":
      return parseKind("ServiceEntry", document, identity.value);
    case "WorkloadEntry":
      return parseKind("WorkloadEntry", document, identity.value);
    case "PeerAuthentication":
      return parseKind("PeerAuthentication", document, identity.value);
    case "RequestAuthentication":
      return parseKind("RequestAuthentication", document, identity.value);
    case "AuthorizationPolicy":
      return parseKind("AuthorizationPolicy", document, identity.value);
    case "IstioOperator":
      return parseKind("IstioOperator", document, identity.value);
  }
}

/** What a document is about, as far as can be told before its `spec` is looked at. */
interface Identity {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const TOP_LEVEL_FIELDS = ["apiVersion", "kind", "metadata", "spec", "status"];

function identify(document: ConfigDocument): Result<Identity, readonly Problem[]> {
  const { value } = document;
  const report = reporterFor(document);
  if (!isRecord(value)) return failure([report({ code: "wrong-type", path: [], message: "a document must be a map of fields" })]);
  const { apiVersion, kind } = value;
  for (const [field, given] of Object.entries({ apiVersion, kind }))
    if (typeof given !== "string" || given === "")
      return failure([report({ code: "missing-field", path: [field], message: "is required" })]);
  const [group = "", version = ""] = String(apiVersion).split("/");
  const name = String(kind);
  if (isKind(name) && KINDS[name].group === group) {
    const { versions } = KINDS[name];
    if (versions.includes(version)) return success({ kind: name, apiVersion: String(apiVersion), value });
    const message = `${name} has no version "${version}"`;
    return failure([report({ code: "unknown-kind", path: ["apiVersion"], message, hint: `use ${group}/${versions[0] ?? ""}` })]);
  }
  return failure([report(foreignKind(name, group), isOurs(name, group) ? "error" : "warning")]);
}

/** A kind of another group is somebody else's; in Istio's groups only the kinds it has exist. */
function isOurs(kind: string, group: string): boolean {
  return group.endsWith(".istio.io") && OTHER_KINDS[group]?.includes(kind) !== true;
}

function foreignKind(kind: string, group: string): Mistake {
  if (OTHER_KINDS[group]?.includes(kind) === true)
    return { code: "unsupported-kind", path: ["kind"], message: `${kind} is not supported by this version: the object has no effect` };
  if (!group.endsWith(".istio.io")) {
    if (isKind(kind) && group !== "gateway.networking.k8s.io")
      return {
        code: "unsupported-kind",
        path: ["apiVersion"],
        message: `the object is ignored: apiVersion "${group}" is not Istio's`,
        hint: `use ${KINDS[kind].group}/v1`,
      };
    return { code: "unsupported-kind", path: ["kind"], message: `${kind} of "${group}" is ignored: only Istio's kinds are read` };
  }
  if (isKind(kind))
    return { code: "unknown-kind", path: ["apiVersion"], message: `${kind} is not in "${group}"`, hint: `use ${KINDS[kind].group}/v1` };
  return {
    code: "unknown-kind",
    path: ["kind"],
    message: `there is no kind "${kind}" in "${group}"`,
    hint: didYouMean(kind, Object.keys(KINDS)),
  };
}

function parseKind<K extends Kind>(kind: K, document: ConfigDocument, identity: Identity): Result<ConfigObject<K>, readonly Problem[]> {
  const { schema, unsupported } = KINDS[kind];
  const { value } = identity;
  const report = reporterFor(document);
  const metadata = check(metadataSchema, value["metadata"] ?? {}, ["metadata"]);
  const spec = check(schema, value["spec"] ?? {}, ["spec"]);
  const unknown = Object.keys(value)
    .filter((field) => !TOP_LEVEL_FIELDS.includes(field))
    .map((field): Mistake => ({ code: "unknown-field", path: [field], message: "there is no such field", hint: topLevelHint(field) }));
  if (!metadata.ok || !spec.ok || unknown.length > 0) {
    const mistakes = [...unknown, ...(metadata.ok ? [] : metadata.error), ...(spec.ok ? [] : spec.error)];
    return failure(mistakes.map((mistake) => report(mistake)).toSorted((a, b) => (a.origin.line ?? 0) - (b.origin.line ?? 0)));
  }
  const warnings = findUnsupported(value["spec"] ?? {}, unsupported).map(({ path, field }) => {
    const isField = field.values === undefined && field.pattern === undefined && field.without === undefined;
    const what = isField ? "this field" : "this value";
    return report(
      {
        code: "unsupported-field",
        path: ["spec", ...path],
        message: `${what} is not supported by this version: ${field.effect}`,
        hint: field.hint,
      },
      "warning",
    );
  });
  const { name, namespace, labels, annotations } = metadata.value;
  return success({
    kind,
    apiVersion: identity.apiVersion,
    name,
    namespace,
    labels,
    annotations,
    spec: spec.value,
    origin: originFor(document, []),
    warnings,
    originOf: (path) => originFor(document, path),
  });
}

function topLevelHint(field: string): string | undefined {
  return didYouMean(field, TOP_LEVEL_FIELDS) ?? "fields of the object itself belong under spec";
}

function check<Output>(schema: z.ZodType<Output>, value: unknown, path: FieldPath): Result<Output, readonly Mistake[]> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return success(parsed.data);
  const mistakes = parsed.error.issues.flatMap((issue) => describeIssue(issue, schema));
  return failure(mistakes.map((mistake) => ({ ...mistake, path: [...path, ...mistake.path] })));
}

function reporterFor(document: ConfigDocument): (mistake: Mistake, severity?: Severity) => Problem {
  return ({ code, path, message, hint }, severity = "error") => ({
    severity,
    code,
    message: [lastField(path), message].filter((part) => part !== "").join(": "),
    ...(hint === undefined ? {} : { hint }),
    origin: originFor(document, path),
  });
}

/** What a message calls the field; the whole path is in the origin. */
function lastField(path: FieldPath): string {
  const start = path.findLastIndex((part) => typeof part === "string");
  return formatFieldPath(path.slice(Math.max(0, start)));
}

function originFor(document: ConfigDocument, path: FieldPath): Origin {
  const value = isRecord(document.value) ? document.value : {};
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const { name, namespace } = metadata;
  const { kind } = value;
  return {
    kind: typeof kind === "string" && kind !== "" ? kind : "Object",
    namespace: typeof namespace === "string" && namespace !== "" ? namespace : DEFAULT_NAMESPACE,
    name: typeof name === "string" && name !== "" ? name : "(unnamed)",
    ...(document.file === "" ? {} : { file: document.file }),
    line: path.length === 0 ? document.line : document.lineOf(path),
    ...(path.length === 0 ? {} : { path: formatFieldPath(path) }),
  };
}
