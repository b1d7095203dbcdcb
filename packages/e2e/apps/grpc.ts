// An application that speaks HTTP/2 only, as servers of gRPC do: it sends back every piece of a request as it comes, then the request's trailers among
// its own. `/fail` is answered without a body (gRPC's "trailers-only").
import { constants, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

const { HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS } = constants;

function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.on("error", () => stream.destroy());
  if (headers[HTTP2_HEADER_PATH] === "/fail") {
    stream.resume();
    stream.respond(
      { [HTTP2_HEADER_STATUS]: 200, "content-type": "application/grpc", "grpc-status": "5", "grpc-message": "no such thing" },
      { endStream: true },
    );
    return;
  }
  let trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (received: IncomingHttpHeaders) => (trailers = received));
  stream.respond(
    {
      [HTTP2_HEADER_STATUS]: 200,
      "content-type": "application/grpc",
      "x-caller": headers["x-forwarded-client-cert"],
      "x-te": headers.te,
    },
    { waitForTrailers: true },
  );
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-got": trailers["x-sent"] }));
  stream.pipe(stream);
}

createServer()
  .on("stream", answer)
  .listen(Number(process.env["PORT"] ?? 9080), process.env["HOST"] ?? "127.0.0.1");
