/**
 * A client that fetches large answers over connections that proxies take for bytes: `bytes.ts '{"host":…,"connectTo":…,"connections":8,…}'` prints one line
 * of JSON. Where a proxy has to be asked first it sends CONNECT; what it asks for then is not read by any proxy.
 */
import { connect, type Socket } from "node:net";
import { toPercentiles } from "./percentiles.ts";

interface Job {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly hostHeader: string;
  readonly connectTo?: string;
  readonly connections: number;
  readonly seconds: number;
}

const job: Job = JSON.parse(process.argv[2] ?? "{}");
const request = Buffer.from(`GET ${job.path} HTTP/1.1\r\nHost: ${job.hostHeader}\r\n\r\n`);
const latenciesMs: number[] = [];
let non2xx = 0;
let socketErrors = 0;

const startMs = performance.now();
const endMs = startMs + job.seconds * 1000;
await Promise.all(Array.from({ length: job.connections }, fetchUntilTheEnd));
const result = {
  requests: latenciesMs.length,
  seconds: (performance.now() - startMs) / 1000,
  non2xx,
  socketErrors,
  ...toPercentiles(latenciesMs),
};
console.log(JSON.stringify(result));

/** One connection: an answer after the other until the time is over. */
function fetchUntilTheEnd(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({ host: job.host, port: job.port, noDelay: true });
  let sentMs = 0;
  const next = (): void => {
    sentMs = performance.now();
    if (sentMs < endMs) socket.write(request);
    else socket.end();
  };
  const receive = receiver((isGood) => {
    latenciesMs.push(performance.now() - sentMs);
    if (!isGood) non2xx += 1;
    next();
  });
  socket.once("connect", () => (job.connectTo === undefined ? next() : ask(socket, job.connectTo)));
  socket.on("data", job.connectTo === undefined ? receive : afterHead(next, receive));
  socket.on("error", () => (socketErrors += 1));
  socket.on("close", () => resolve());
  return promise;
}

function ask(socket: Socket, authority: string): void {
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
}

/** Takes the head of the answer to CONNECT off; all that follows goes on to `receive`. */
function afterHead(ready: () => void, receive: (chunk: Buffer) => void): (chunk: Buffer) => void {
  let head = "";
  let isOver = false;
  return (chunk) => {
    if (isOver) return receive(chunk);
    head += chunk.toString("latin1");
    if (!head.includes("\r\n\r\n")) return undefined;
    if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`the proxy refuses to connect: ${head}`);
    isOver = true;
    return ready();
  };
}

/** Counts the bytes of one answer after the other by the lengths that they announce. */
function receiver(answered: (isGood: boolean) => void): (chunk: Buffer) => void {
  let head = "";
  let missing = 0;
  return (chunk) => {
    let rest = chunk;
    if (missing === 0) {
      head += chunk.toString("latin1");
      const headEnd = head.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head.slice(0, headEnd))?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) throw new Error(`an answer without content-length: ${head.slice(0, headEnd)}`);
      missing = length;
      rest = chunk.subarray(chunk.length - (head.length - headEnd - 4));
    }
    missing -= rest.length;
    if (missing > 0) return;
    const isGood = head.startsWith("HTTP/1.1 2");
    head = "";
    answered(isGood);
  };
}
