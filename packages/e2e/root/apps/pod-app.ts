// The application of a pod: answers HTTP at 8080 and echoes bytes at 9000, and does what its control socket tells it to, as a plain client would: it
// knows nothing of a proxy. The control socket is a file, so that a test outside of the network namespace reaches it.
import { createHash } from "node:crypto";
import { getServers } from "node:dns";
import { lookup } from "node:dns/promises";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { startEchoServer } from "@fairlead/testkit";
import { encodeQuestion, startResolver } from "./resolver.ts";

const name = process.env["NAME"] ?? "app";
const CHUNK_BYTES = 1 << 16;

/** What the control socket is told: the fields of a request (`/fetch`) or of a transfer (`/bytes`). */
interface Command {
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly host: string;
  readonly port: number;
  readonly size: number;
}

/** Echoes every byte; when the client has said its last word, adds the digest of all of them and ends too. */
function serveBytes(socket: Socket): void {
  const hash = createHash("sha256");
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    hash.update(bytes);
    if (!socket.write(bytes)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("end", () => socket.end(hash.digest()));
}

/** Sends `size` bytes and closes its half; answers how many came back and whether they, and the digest after them, are right. */
function sendBytes({ host, port, size }: Command): Promise<object> {
  const sent = createHash("sha256");
  const received: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    let left = size;
    let turn = 0;
    const send = (): void => {
      while (left > 0) {
        const bytes = Buffer.alloc(Math.min(CHUNK_BYTES, left), `${turn++} of ${name};`);
        left -= bytes.length;
        sent.update(bytes);
        if (!socket.write(bytes)) return;
      }
      socket.end();
      socket.off("drain", send);
    };
    socket.setTimeout(20_000, () => socket.destroy(new Error("nothing comes back")));
    socket.on("error", reject);
    socket.on("connect", send).on("drain", send);
    socket.on("data", (bytes) => received.push(bytes));
    socket.on("end", () => {
      const all = Buffer.concat(received);
      const digest = sent.digest("hex");
      const echoed = createHash("sha256").update(all.subarray(0, size)).digest("hex");
      resolve({
        bytes: all.length - 32,
        isEchoed: echoed === digest,
        isHeard: all.subarray(size).toString("hex") === digest,
      });
    });
  });
}

/** Asks as the system does, by its resolv.conf. */
async function resolveName({ host }: Command): Promise<object> {
  try {
    const found = await lookup(host, { all: true, family: 4 });
    return { addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { code: error instanceof Error && "code" in error ? String(error.code) : String(error) };
  }
}

/** Asks the first resolver over TCP, which the system would do for long answers only. */
function resolveOverTcp({ host }: Command): Promise<object> {
  const [resolver = ""] = getServers();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: resolver, port: 53 });
    const received: Buffer[] = [];
    socket.setTimeout(5_000, () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
    const question = encodeQuestion(host);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
    socket.on("data", (bytes) => {
      received.push(bytes);
      const all = Buffer.concat(received);
      if (all.length < 2 || all.length < 2 + all.readUInt16BE()) return;
      socket.destroy();
      const answer = all.subarray(2);
      resolve(answer.readUInt16BE(6) === 0 ? { code: String((answer[3] ?? 0) & 15) } : { addresses: [[...answer.subarray(-4)].join(".")] });
    });
  });
}

async function call({ url, headers }: Command): Promise<object> {
  const response = await fetch(url, {
    headers: { ...headers, connection: "close" },
    redirect: "manual",
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

async function readJson(request: IncomingMessage): Promise<Command> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${"code" in error.cause ? String(error.cause.code) : error.cause.message}` : "";
  return `${error.message}${cause}`;
}

const ACTIONS: Readonly<Record<string, (command: Command) => Promise<object>>> = {
  "/fetch": call,
  "/bytes": sendBytes,
  "/resolve": resolveName,
  "/resolve-over-tcp": resolveOverTcp,
  "/asked": async () => ({ names: asked }),
};

const resolves = process.env["RESOLVES"];
const asked = resolves === undefined ? [] : await startResolver(resolves, { "known.outside.test": resolves });
if (resolves !== undefined) await startEchoServer({ name: `${name}-too`, host: "0.0.0.0", port: 8081 });
if (process.env["IS_SILENT"] === undefined) {
  await startEchoServer({ name, host: "0.0.0.0", port: 8080 });
  createServer({ allowHalfOpen: true }, serveBytes).listen(9000, "0.0.0.0");
}
createHttpServer((request, response) => {
  readJson(request)
    .then((body) => (ACTIONS[request.url ?? ""] ?? call)(body))
    .then((answer) => response.end(JSON.stringify(answer)))
    .catch((error: unknown) => response.end(JSON.stringify({ error: describe(error) })));
}).listen(process.env["CONTROL"], () => process.stdout.write("ready\n"));
