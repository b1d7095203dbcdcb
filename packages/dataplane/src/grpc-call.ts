import { type Client, type ClientDuplexStream, Metadata, type ServiceError } from "@grpc/grpc-js";
import { toBuffer } from "./buffer.ts";

/** One bidirectional gRPC call. */
export interface GrpcCall<Request> {
  send(message: Request): void;
  pause(): void;
  resume(): void;
  cancel(): void;
}

export interface GrpcCallOptions<Request, Response> {
  readonly client: Client;
  /** `/package.Service/Method` */
  readonly method: string;
  readonly serialize: (message: Request) => Uint8Array;
  readonly deserialize: (bytes: Buffer) => Response;
  readonly onMessage: (message: Response) => void;
  /** Called once when the call is over, whoever ended it; never before `openGrpcCall` has returned. */
  readonly onEnd: (reason: Error) => void;
}

export function openGrpcCall<Request, Response>(options: GrpcCallOptions<Request, Response>): GrpcCall<Request> {
  let ended = false;
  const end = (reason: Error): void => {
    if (ended) return;
    ended = true;
    options.onEnd(reason);
  };
  const call: ClientDuplexStream<Request, Response> = options.client.makeBidiStreamRequest(
    options.method,
    (message: Request) => toBuffer(options.serialize(message)),
    options.deserialize,
    new Metadata(),
  );
  call.on("data", (message: Response) => {
    if (!ended) options.onMessage(message);
  });
  call.on("error", (error: ServiceError) => end(error));
  call.on("end", () => end(new Error("the server ended the stream")));
  return {
    send: (message) => void (ended || call.write(message)),
    pause: () => void call.pause(),
    resume: () => void call.resume(),
    cancel: () => call.cancel(),
  };
}
