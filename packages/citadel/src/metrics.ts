import { Counter, Gauge, type Registry } from "prom-client";

/** Istio's names where Istio has the metric. */
export interface CitadelMetrics {
  readonly requests: Counter;
  readonly issued: Counter;
  readonly authenticationFailures: Counter;
  readonly parsingErrors: Counter;
  readonly signingErrors: Counter;
  readonly rootExpiry: Gauge;
}

export function createCitadelMetrics(registry: Registry): CitadelMetrics {
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers: [registry] });
  return {
    requests: counter("citadel_server_csr_count", "Certificate requests received."),
    issued: counter("citadel_server_success_cert_issuance_count", "Certificates issued."),
    authenticationFailures: counter(
      "citadel_server_authentication_failure_count",
      "Requests refused because the caller could not prove who it is.",
    ),
    parsingErrors: counter("citadel_server_csr_parsing_err_count", "Requests refused because of the request itself."),
    signingErrors: counter("citadel_server_csr_sign_err_count", "Requests that failed inside Citadel."),
    rootExpiry: new Gauge({
      name: "citadel_server_root_cert_expiry_timestamp",
      help: "End of the root certificate, seconds since the Unix epoch.",
      registers: [registry],
    }),
  };
}
