import { didYouMean } from "../suggest.ts";
import type { Finding } from "./object.ts";

/** Operators of Envoy's header values that all proxies know, without argument. */
const PLAIN_OPERATORS: readonly string[] = [
  "BYTES_RECEIVED",
  "BYTES_SENT",
  "CONNECTION_ID",
  "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
  "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_DIRECT_REMOTE_PORT",
  "DOWNSTREAM_LOCAL_ADDRESS",
  "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_LOCAL_PORT",
  "DOWNSTREAM_LOCAL_URI_SAN",
  "DOWNSTREAM_PEER_CERT",
  "DOWNSTREAM_PEER_DNS_SAN",
  "DOWNSTREAM_PEER_FINGERPRINT_256",
  "DOWNSTREAM_PEER_ISSUER",
  "DOWNSTREAM_PEER_SERIAL",
  "DOWNSTREAM_PEER_SUBJECT",
  "DOWNSTREAM_PEER_URI_SAN",
  "DOWNSTREAM_REMOTE_ADDRESS",
  "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_REMOTE_PORT",
  "DOWNSTREAM_TLS_CIPHER",
  "DOWNSTREAM_TLS_VERSION",
  "DURATION",
  "HOSTNAME",
  "PROTOCOL",
  "REQUESTED_SERVER_NAME",
  "RESPONSE_CODE",
  "RESPONSE_CODE_DETAILS",
  "RESPONSE_FLAGS",
  "ROUTE_NAME",
  "START_TIME",
  "STREAM_ID",
  "TRACE_ID",
  "UPSTREAM_CLUSTER",
  "UPSTREAM_HOST",
  "UPSTREAM_LOCAL_ADDRESS",
  "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "UPSTREAM_REMOTE_ADDRESS",
  "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "VIRTUAL_CLUSTER_NAME",
];

/** Those with an argument in parentheses, after which `:<length>` may say where to cut. */
const WITH_ARGUMENT = /^(REQ|RESP|START_TIME|ENVIRONMENT)\([^()]+\)(:\d{1,5})?$/;

/**
 * Something wrong with a header's value in which `%NAME%` stands for what the proxy knows and `%%` for the sign (Envoy's custom headers). A value that a
 * proxy refuses would cost it its whole route table.
 */
export function headerTemplateMistake(value: string): Pick<Finding, "message" | "hint"> | undefined {
  const parts = value.split("%");
  if (parts.length % 2 === 0) return { message: `"${value}" has a "%" without an end`, hint: 'write "%%" for the sign itself' };
  // Every second part is what stands between two signs; an empty one is an escaped sign.
  const wrong = parts.filter((_part, index) => index % 2 === 1).find((operator) => operator !== "" && !isOperator(operator));
  if (wrong === undefined) return undefined;
  const name = wrong.replace(/\(.*/, "");
  return {
    message: `"%${wrong}%" is no operator that all proxies know`,
    hint: didYouMean(name, [...PLAIN_OPERATORS, "REQ", "RESP", "ENVIRONMENT"]) ?? 'write "%%" for the sign itself',
  };
}

function isOperator(text: string): boolean {
  return PLAIN_OPERATORS.includes(text) || WITH_ARGUMENT.test(text);
}
