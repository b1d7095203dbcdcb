import { createServer, type Socket } from "node:net";
import { readRequests, STRICT, toRequest } from "./readers.ts";

/** What the upstream answers with; `end` closes its side behind the bytes. */
export interface Answer {
  readonly bytes: string;
  readonly end?: boolean;
}

/** A server that keeps every byte it gets, apart for each connection, and answers each request that a strict reading finds. */
export interface RecordingUpstream extends AsyncDisposable {
  readonly port: number;
  /** Everything since the last call of `reset`, connection by connection. */
  recorded(): readonly string[];
  /** Forgets, and closes every connection, so that the proxy's next one is new. */
  reset(): void;
  /** What requests are answered with from now on. */
  answerWith(answer: AnswerTo): void;
  /** When a byte came last, by `performance.now()`; 0 for none. */
  lastByteMs(): number;
}

export type AnswerTo = (request: { readonly method: string; readonly target: string }) => Answer;

/** The answer of an upstream that likes everything. */
export const OK: AnswerTo = ({ method }) => ({ bytes: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${method === "HEAD" ? "" : "ok"}` });

const REFUSAL = "HTTP/1.1 418 Refused by the upstream\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

export function startRecordingUpstream(): Promise<RecordingUpstream> {
  let connections: { readonly socket: Socket; text: string; answered: number }[] = [];
  let answerTo = OK;
  let lastByteMs = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = { socket, text: "", answered: 0 };
    connections.push(connection);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      lastByteMs = performance.now();
      connection.text += chunk.toString("latin1");
      const { messages, rest } = readRequests(connection.text, STRICT);
      for (const message of messages.slice(connection.answered)) {
        const { bytes, end = false } = answerTo(toRequest(message));
        socket.write(bytes, "latin1");
        if (end) socket.end();
      }
      connection.answered = messages.length;
      if (rest === "refused" && socket.writable) socket.end(REFUSAL);
    });
  });
  const reset = (): void => {
    for (const { socket } of connections) socket.destroy();
    connections = [];
    lastByteMs = 0;
  };
  const upstream = (port: number): RecordingUpstream => ({
    port,
    recorded: () => connections.map(({ text }) => text).filter((text) => text !== ""),
    reset,
    answerWith: (answer) => (answerTo = answer),
    lastByteMs: () => lastByteMs,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        reset();
        server.close(() => resolve());
      }),
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(upstream(address.port));
      else reject(new Error("the recording upstream has no port"));
    });
  });
}
