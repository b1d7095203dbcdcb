import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ChannelCredentials, type ClientOptions, Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { Clock } from "@fairlead/kit";
import {
  IstioCertificateRequestSchema,
  IstioCertificateResponseSchema,
  IstioCertificateService,
} from "@fairlead/api/gen/istio/v1/auth/ca_pb";

/** Where and how to ask for one certificate. */
export interface SignRequest {
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly csrPem: string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  /** Join token or service account token; absent where the client's own certificate speaks for it. */
  readonly token?: string;
}

const METHOD = `/${IstioCertificateService.typeName}/${IstioCertificateService.method.createCertificate.name}`;
const DEADLINE_MS = 10_000;
const CHANNEL_OPTIONS: ClientOptions = {
  "grpc.max_receive_message_length": 1 << 20,
  // An address is no valid TLS server name (RFC 6066 §3); who the server is, its SPIFFE ID proves.
  "grpc.ssl_target_name_override": "citadel.fairlead-system.svc",
  // HTTP_PROXY is for applications; a proxy's own identity must not depend on a proxy.
  "grpc.enable_http_proxy": 0,
};

/** Asks an Istio-compatible CA to sign; answers PEM certificates, leaf first and root last. Rejects with the gRPC error. */
export async function requestCertificate(request: SignRequest): Promise<readonly string[]> {
  const client = new Client(request.address, request.credentials, CHANNEL_OPTIONS);
  const metadata = new Metadata();
  if (request.token !== undefined) metadata.set("authorization", `Bearer ${request.token}`);
  const message = create(IstioCertificateRequestSchema, { csr: request.csrPem, validityDuration: BigInt(request.ttlSeconds) });
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        METHOD,
        (value: Uint8Array) => Buffer.from(value),
        (bytes: Buffer) => fromBinary(IstioCertificateResponseSchema, bytes),
        toBinary(IstioCertificateRequestSchema, message),
        metadata,
        { deadline: request.clock.now() + DEADLINE_MS },
        (error: ServiceError | null, response) => {
          if (error !== null) reject(error);
          else resolve(response?.certChain ?? []);
        },
      );
    });
  } finally {
    client.close();
  }
}
