import { once } from "node:events";
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";

const { HTTP2_HEADER_AUTHORITY, HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;

export interface GrpcCall {
  readonly url: string;
  readonly authority: string;
  readonly path: string;
  /** Each is sent when the one before has come back. */
  readonly pieces: readonly string[];
  readonly trailers: Readonly<Record<string, string>>;
}

/** What a caller got. */
export interface GrpcAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

const CALL_LIMIT_MS = 10_000;

/** A call as gRPC makes them: in both directions at once, with trailers in both. */
export async function callGrpc({ url, authority, path, pieces, trailers }: GrpcCall): Promise<GrpcAnswer> {
  const signal = AbortSignal.timeout(CALL_LIMIT_MS);
  const session = connect(url);
  const failed = once(session, "error", { signal }).then(([error]) => Promise.reject(error));
  try {
    return await Promise.race([exchange(session, { authority, path, pieces, trailers }, signal), failed]);
  } finally {
    failed.catch(() => undefined);
    session.destroy();
  }
}

async function exchange(
  session: ClientHttp2Session,
  { authority, path, pieces, trailers }: Omit<GrpcCall, "url">,
  signal: AbortSignal,
): Promise<GrpcAnswer> {
  const stream = session.request(
    {
      [HTTP2_HEADER_METHOD]: "POST",
      [HTTP2_HEADER_AUTHORITY]: authority,
      [HTTP2_HEADER_PATH]: path,
      "content-type": "application/grpc",
      te: "trailers",
    },
    { waitForTrailers: true, signal },
  );
  let received: IncomingHttpHeaders = {};
  let body = "";
  stream.setEncoding("utf8").on("data", (text: string) => (body += text));
  stream.on("trailers", (headers: IncomingHttpHeaders) => (received = headers));
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  const ended = once(stream, "end", { signal });
  const headers: Promise<IncomingHttpHeaders> = once(stream, "response", { signal }).then(([first]) => first);
  let sent = "";
  for (const piece of pieces) {
    sent += piece;
    stream.write(piece);
    while (body.length < sent.length) await once(stream, "data", { signal });
  }
  stream.end();
  await ended;
  return { headers: await headers, body, trailers: received };
}
