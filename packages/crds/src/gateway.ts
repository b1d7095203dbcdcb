import { isIP } from "node:net";
import { z } from "zod";
import { duplicates } from "./schema/common.ts";
import { isNamespace, isUnixAddress, isWildcardHost, port } from "./schema/network.ts";
import { checked, choice, type Finding, labels, list, nonEmptyList, object, text } from "./schema/object.ts";
import type { UnsupportedField } from "./unsupported.ts";

/** Protocols of ports, case does not matter when read. */
export const PROTOCOLS = ["HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS", "UDP", "MYSQL", "REDIS"] as const;

export const protocol = z.string().transform((written, context) => {
  const found = PROTOCOLS.find((candidate) => candidate === written.toUpperCase());
  if (found !== undefined) return found;
  context.addIssue({ code: "custom", message: `"${written}" is no protocol`, params: { hint: `protocols are ${PROTOCOLS.join(", ")}` } });
  return z.NEVER;
});

/** `host` or `<namespace>/host`, where the namespace may be `*` or `.`. */
const gatewayHost = text((value) => {
  const [first = "", second, ...more] = value.split("/");
  const isValid = second === undefined ? isWildcardHost(first) : more.length === 0 && isHostNamespace(first) && isWildcardHost(second);
  return isValid
    ? undefined
    : { message: `"${value}" is no host of a gateway`, hint: "write <host> or <namespace>/<host>; a wildcard only as leftmost label" };
});

const tlsVersion = choice(["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]);
const file = z.string().min(1);

const serverTlsFields = object({
  httpsRedirect: z.boolean().default(false),
  mode: choice(["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"]).optional(),
  serverCertificate: file.optional(),
  privateKey: file.optional(),
  caCertificates: file.optional(),
  caCrl: file.optional(),
  credentialName: z.string().min(1).optional(),
  credentialNames: list(z.string().min(1)),
  caCertCredentialName: z.string().min(1).optional(),
  tlsCertificates: list(object({ serverCertificate: file.optional(), privateKey: file.optional(), caCertificates: file.optional() })),
  subjectAltNames: list(z.string().min(1)),
  verifyCertificateSpki: list(z.string()),
  verifyCertificateHash: list(z.string()),
  minProtocolVersion: tlsVersion.default("TLS_AUTO"),
  maxProtocolVersion: tlsVersion.default("TLS_AUTO"),
  cipherSuites: list(z.string().min(1)),
  insecureSkipVerify: z.boolean().optional(),
});

/** Istio's ServerTLSSettings. */
const serverTls = checked(serverTlsFields, (tls) => [...certificateFindings(tls), ...versionFindings(tls)]);

export type ServerTlsSpec = z.output<typeof serverTlsFields>;

const serverFields = object({
  name: z.string().optional(),
  port: object({ number: z.int().min(0).max(65_535), protocol, name: z.string().min(1), targetPort: port.optional() }),
  bind: z.string().min(1).optional(),
  hosts: nonEmptyList(gatewayHost),
  tls: serverTls.optional(),
  defaultEndpoint: z.string().optional(),
});

/** Istio's Server. */
const server = checked(serverFields, (value) => [...bindFindings(value), ...protocolFindings(value)]);

const gatewayFields = object({ selector: labels, servers: nonEmptyList(server) });

/** Servers at the edge of the mesh (networking.istio.io Gateway). */
export const gatewaySchema = checked(gatewayFields, (spec) =>
  duplicates(spec.servers.map(({ name }) => name ?? ""))
    .filter(({ value }) => value !== "")
    .map(({ value, index }) => ({ message: `another server is called "${value}" already`, path: ["servers", index, "name"] })),
);

export type GatewaySpec = z.output<typeof gatewayFields>;
type Server = z.output<typeof serverFields>;

const NO_TLS = "connections to this server are refused";

/** What of the kind this version reads but does not do. */
export const gatewayUnsupported: readonly UnsupportedField[] = [
  { path: "servers[].tls.mode", values: ["AUTO_PASSTHROUGH"], effect: NO_TLS },
  { path: "servers[].tls.credentialName", effect: NO_TLS, hint: "name files in serverCertificate and privateKey" },
  { path: "servers[].tls.credentialNames", effect: NO_TLS, hint: "name files in serverCertificate and privateKey" },
  { path: "servers[].tls.tlsCertificates", effect: NO_TLS, hint: "name files in serverCertificate and privateKey" },
  { path: "servers[].tls.caCertCredentialName", effect: NO_TLS, hint: "name a file in caCertificates" },
  { path: "servers[].tls.insecureSkipVerify", effect: "client certificates are verified" },
  { path: "servers[].defaultEndpoint", effect: "it has no effect" },
  { path: "servers[].port.targetPort", effect: "the gateway listens on number" },
  { path: "servers[].bind", pattern: /^unix:/, effect: "the server does not listen" },
];

function isHostNamespace(value: string): boolean {
  return value === "*" || value === "." || isNamespace(value);
}

const TLS_PROTOCOLS: readonly string[] = ["HTTPS", "TLS"];

function protocolFindings(value: Server): readonly Finding[] {
  const isTls = TLS_PROTOCOLS.includes(value.port.protocol);
  if (isTls && value.tls === undefined)
    return [
      {
        code: "missing-field",
        message: `protocol ${value.port.protocol} needs tls`,
        hint: "say tls.mode and where the certificate is",
        path: ["tls"],
      },
    ];
  if (!isTls && value.tls !== undefined && value.tls.mode !== undefined)
    return [
      { message: `tls.mode has no effect on protocol ${value.port.protocol}`, hint: "use protocol HTTPS or TLS", path: ["tls", "mode"] },
    ];
  const redirects = value.tls?.httpsRedirect === true && isTls;
  return redirects ? [{ message: "httpsRedirect is for plain HTTP servers", path: ["tls", "httpsRedirect"] }] : [];
}

function bindFindings(value: Server): readonly Finding[] {
  const { bind } = value;
  if (bind !== undefined && isIP(bind) === 0 && !isUnixAddress(bind))
    return [{ message: `"${bind}" is neither an IP address nor unix:// and a path`, path: ["bind"] }];
  const isUnix = bind !== undefined && isUnixAddress(bind);
  if (value.port.number === 0 && !isUnix) return [{ message: "must be 1 to 65535", path: ["port", "number"] }];
  return isUnix && value.port.number !== 0 ? [{ message: "must be 0 where bind is a unix socket", path: ["port", "number"] }] : [];
}

function certificateFindings(tls: ServerTlsSpec): readonly Finding[] {
  const { mode } = tls;
  if (mode === undefined || mode === "PASSTHROUGH" || mode === "AUTO_PASSTHROUGH" || mode === "ISTIO_MUTUAL") {
    if (mode === undefined) return [];
    return (["serverCertificate", "privateKey", "caCertificates", "credentialName"] as const)
      .filter((field) => tls[field] !== undefined)
      .map((field) => ({ code: "conflicting-fields", message: `${field} has no meaning with mode ${mode}`, path: [field] }));
  }
  const hasReference = tls.credentialName !== undefined || tls.credentialNames.length > 0 || tls.tlsCertificates.length > 0;
  if (hasReference) return [];
  const missing = (["serverCertificate", "privateKey"] as const).filter((field) => tls[field] === undefined);
  const needsCa = mode !== "SIMPLE" && tls.caCertificates === undefined && tls.caCertCredentialName === undefined;
  return [...missing, ...(needsCa ? ["caCertificates"] : [])].map((field) => ({
    code: "missing-field",
    message: `mode ${mode} needs ${field}`,
    path: [field],
  }));
}

function versionFindings(tls: ServerTlsSpec): readonly Finding[] {
  const isWrong =
    tls.minProtocolVersion !== "TLS_AUTO" && tls.maxProtocolVersion !== "TLS_AUTO" && tls.minProtocolVersion > tls.maxProtocolVersion;
  return isWrong ? [{ message: "is older than minProtocolVersion", path: ["maxProtocolVersion"] }] : [];
}
