import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Client, type ClientDuplexStream, Metadata, type ServiceError } from "@grpc/grpc-js";

/** One bidirectional gRPC call of protobuf messages. */
export interface GrpcCall<Request> {
  send(message: Request): void;
  pause(): void;
  resume(): void;
  cancel(): void;
}

export interface GrpcCallOptions<Input extends DescMessage, Output extends DescMessage> {
  readonly client: Client;
  /** `/package.Service/Method` */
  readonly method: string;
  readonly input: Input;
  readonly output: Output;
  readonly onMessage: (message: MessageShape<Output>) => void;
  /** Called once when the call is over, whoever ended it. */
  readonly onEnd: (reason: Error) => void;
}

export function openGrpcCall<Input extends DescMessage, Output extends DescMessage>(
  options: GrpcCallOptions<Input, Output>,
): GrpcCall<MessageShape<Input>> {
  let ended = false;
  const end = (reason: Error): void => {
    if (ended) return;
    ended = true;
    options.onEnd(reason);
  };
  const call: ClientDuplexStream<MessageShape<Input>, MessageShape<Output>> = options.client.makeBidiStreamRequest(
    options.method,
    (message: MessageShape<Input>) => Buffer.from(toBinary(options.input, message)),
    (bytes: Buffer) => fromBinary(options.output, bytes),
    new Metadata(),
  );
  call.on("data", (message: MessageShape<Output>) => {
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
