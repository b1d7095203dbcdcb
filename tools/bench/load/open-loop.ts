/**
 * A client that sends at a given rate whatever comes back: `open-loop.ts '{"host":…,"requestsPerSecond":1000,…}'` prints one line of JSON. Requests
 * that are due go to idle connections in turn, and their latency counts from then; where none is idle they wait, and it counts from when they were due.
 * How late the client itself comes, whose timers have a resolution of a millisecond, is no latency of a proxy.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { toPercentiles } from "./percentiles.ts";

interface Job {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly hostHeader: string;
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
}

interface Connection {
  readonly socket: Socket;
  /** Since when the request in flight has waited for its answer, milliseconds of the monotonic clock. */
  sinceMs: number;
  received: Buffer;
}

const job: Job = JSON.parse(process.argv[2] ?? "{}");
const request = Buffer.from(`GET ${job.path} HTTP/1.1\r\nHost: ${job.hostHeader}\r\n\r\n`);
const idle: Connection[] = [];
const waiting: number[] = [];
const latenciesMs: number[] = [];
let inFlight = 0;
let non2xx = 0;
let socketErrors = 0;

for (let index = 0; index < job.connections; index += 1) idle.push(await open());
const startMs = performance.now();
const endMs = startMs + job.seconds * 1000;
let due = 0;
tick();

function tick(): void {
  const nowMs = performance.now();
  const intervalMs = 1000 / job.requestsPerSecond;
  while (startMs + due * intervalMs <= Math.min(nowMs, endMs)) {
    send();
    due += 1;
  }
  if (nowMs < endMs) setTimeout(tick, Math.max(0, startMs + due * intervalMs - nowMs));
  else finishWhenAnswered();
}

async function open(): Promise<Connection> {
  const socket = connect({ host: job.host, port: job.port, noDelay: true });
  await once(socket, "connect");
  const connection: Connection = { socket, sinceMs: 0, received: Buffer.alloc(0) };
  socket.on("data", (chunk) => receive(connection, chunk));
  socket.on("error", () => (socketErrors += 1));
  socket.on("close", () => {
    // Closed by the other end: as an error where it owed an answer, and as one connection fewer anyway.
    const place = idle.indexOf(connection);
    if (place === -1) {
      inFlight -= 1;
      socketErrors += 1;
    } else idle.splice(place, 1);
  });
  return connection;
}

/** Sends a request that is due, or has it wait for a connection. */
function send(): void {
  // The one that has been idle longest, so that all take part.
  const connection = idle.shift();
  const nowMs = performance.now();
  if (connection === undefined) waiting.push(nowMs);
  else sendOver(connection, nowMs);
}

function sendOver(connection: Connection, sinceMs: number): void {
  connection.sinceMs = sinceMs;
  inFlight += 1;
  connection.socket.write(request);
}

function receive(connection: Connection, chunk: Buffer): void {
  connection.received = connection.received.length === 0 ? chunk : Buffer.concat([connection.received, chunk]);
  const headEnd = connection.received.indexOf("\r\n\r\n");
  if (headEnd === -1) return;
  const head = connection.received.toString("latin1", 0, headEnd);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`an answer without content-length: ${head}`);
  if (connection.received.length < headEnd + 4 + length) return;
  if (!head.startsWith("HTTP/1.1 2")) non2xx += 1;
  connection.received = Buffer.alloc(0);
  latenciesMs.push(performance.now() - connection.sinceMs);
  inFlight -= 1;
  const next = waiting.shift();
  if (next === undefined) idle.push(connection);
  else sendOver(connection, next);
}

function finishWhenAnswered(): void {
  if (inFlight > 0 && performance.now() < endMs + 2000) {
    setTimeout(finishWhenAnswered, 1);
    return;
  }
  const result = {
    requests: latenciesMs.length,
    seconds: (performance.now() - startMs) / 1000,
    non2xx,
    socketErrors: socketErrors + inFlight,
    ...toPercentiles(latenciesMs),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
