import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type sendUnaryData, Server, type ServerCredentials, type ServerUnaryCall, type ServiceDefinition, status } from "@grpc/grpc-js";
import {
  type IstioCertificateRequest,
  IstioCertificateRequestSchema,
  type IstioCertificateResponse,
  IstioCertificateResponseSchema,
  IstioCertificateService,
} from "@fairlead/api/gen/istio/v1/auth/ca_pb";
import { failure, formatSpiffeId, type Logger, type Result, type SpiffeId } from "@fairlead/kit";
import type { Attestor, Credentials } from "../attest/attestor.ts";
import type { CitadelMetrics } from "../metrics.ts";
import { issue, type IssueOptions, parseCsr } from "../issue.ts";

export interface CsrServerOptions extends IssueOptions {
  readonly address: string;
  readonly credentials: ServerCredentials;
  /** Asked in this order; the first that finds its kind of proof decides. */
  readonly attestors: readonly Attestor[];
  readonly metrics: CitadelMetrics;
  readonly logger: Logger;
}

type Call = ServerUnaryCall<IstioCertificateRequest, IstioCertificateResponse>;
type Answer = Result<readonly string[], { readonly code: status; readonly message: string }>;

const METHOD = IstioCertificateService.method.createCertificate;
/** A CSR is a few hundred bytes; RSA-4096 stays below 4 KiB. */
const MAX_MESSAGE_BYTES = 64 * 1024;

const SERVICE: ServiceDefinition = {
  [METHOD.name]: {
    path: `/${IstioCertificateService.typeName}/${METHOD.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: IstioCertificateRequest) => Buffer.from(toBinary(IstioCertificateRequestSchema, value)),
    requestDeserialize: (bytes: Buffer) => fromBinary(IstioCertificateRequestSchema, bytes),
    responseSerialize: (value: IstioCertificateResponse) => Buffer.from(toBinary(IstioCertificateResponseSchema, value)),
    responseDeserialize: (bytes: Buffer) => fromBinary(IstioCertificateResponseSchema, bytes),
  },
};

export interface CsrServer {
  /** The port that was bound. */
  readonly port: number;
  close(): Promise<void>;
}

/** Serves Istio's certificate API: attest → template → sign → validate → answer. */
export async function serveCertificateRequests(options: CsrServerOptions): Promise<CsrServer> {
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_concurrent_streams": 100,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.max_connection_idle_ms": 60_000,
  });
  server.addService(SERVICE, {
    [METHOD.name]: (call: Call, done: sendUnaryData<IstioCertificateResponse>) => void respond(options, call, done),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, options.credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return { port, close: () => new Promise((resolve) => server.tryShutdown(() => resolve())) };
}

async function respond(options: CsrServerOptions, call: Call, done: sendUnaryData<IstioCertificateResponse>): Promise<void> {
  options.metrics.requests.inc();
  try {
    const answer = await createCertificate(options, call);
    if (answer.ok) done(null, create(IstioCertificateResponseSchema, { certChain: [...answer.value] }));
    else done({ code: answer.error.code, details: answer.error.message });
  } catch (error) {
    options.metrics.signingErrors.inc();
    options.logger.error({ err: error }, "certificate request failed");
    done({ code: status.INTERNAL, details: "citadel could not sign the request; see its log" });
  }
}

async function createCertificate(options: CsrServerOptions, call: Call): Promise<Answer> {
  const attested = await attest(options.attestors, { token: bearerToken(call), call });
  if (!attested.ok) {
    options.metrics.authenticationFailures.inc();
    options.logger.warn({ peer: call.getPeer(), reason: attested.error }, "caller refused");
    return failure({ code: status.UNAUTHENTICATED, message: attested.error });
  }
  const publicKey = await parseCsr(call.request.csr);
  if (!publicKey.ok) {
    options.metrics.parsingErrors.inc();
    return failure({ code: status.INVALID_ARGUMENT, message: `csr: ${publicKey.error}` });
  }
  const id = attested.value;
  const issued = await issue(options, { id, publicKey: publicKey.value, wishedSeconds: Number(call.request.validityDuration) });
  if (!issued.ok) {
    options.metrics[issued.error.fault === "caller" ? "parsingErrors" : "signingErrors"].inc();
    return failure({ code: issued.error.fault === "caller" ? status.INVALID_ARGUMENT : status.INTERNAL, message: issued.error.message });
  }
  options.metrics.issued.inc();
  options.logger.info(
    { spiffeId: formatSpiffeId(id), serialNumber: issued.value.serialNumber, notAfter: issued.value.notAfter.toISOString() },
    "certificate issued",
  );
  return { ok: true, value: [`${issued.value.toString("pem")}\n`, options.authority.trustBundlePem] };
}

/** The first proof that is there decides: a wrong token is not healed by anything else. */
async function attest(attestors: readonly Attestor[], credentials: Credentials): Promise<Result<SpiffeId, string>> {
  for (const attestor of attestors) {
    const answer = await attestor.attest(credentials);
    if (answer !== undefined) return answer;
  }
  return failure("no proof of identity: send a join token as `authorization: Bearer <token>`, or a valid client certificate");
}

function bearerToken(call: Call): string | undefined {
  const [value] = call.metadata.get("authorization");
  return typeof value === "string" && value.startsWith("Bearer ") ? value.slice("Bearer ".length) : undefined;
}
