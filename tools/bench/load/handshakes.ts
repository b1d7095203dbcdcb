/**
 * A client that opens a connection of mutual TLS for every request: `handshakes.ts '{"host":…,"tls":{…},"connections":16,…}'` prints one line of JSON. No
 * session is resumed. The request is there because of TLS 1.3: a client is done before its server has seen the certificate.
 */
import { readFileSync } from "node:fs";
import { connect, createSecureContext } from "node:tls";
import type { TlsFiles } from "../contenders/contender.ts";
import { toPercentiles } from "./percentiles.ts";

interface Job {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly hostHeader: string;
  readonly tls: TlsFiles;
  /** At a time. */
  readonly connections: number;
  readonly seconds: number;
}

const job: Job = JSON.parse(process.argv[2] ?? "{}");
const request = `GET ${job.path} HTTP/1.1\r\nHost: ${job.hostHeader}\r\nConnection: close\r\n\r\n`;
const secureContext = createSecureContext({
  cert: readFileSync(job.tls.certificateFile),
  key: readFileSync(job.tls.keyFile),
  ca: readFileSync(job.tls.rootFile),
});
const latenciesMs: number[] = [];
let non2xx = 0;
let socketErrors = 0;

const startMs = performance.now();
const endMs = startMs + job.seconds * 1000;
await Promise.all(
  Array.from({ length: job.connections }, async () => {
    while (performance.now() < endMs) await fetchOnce();
  }),
);
const result = {
  requests: latenciesMs.length,
  seconds: (performance.now() - startMs) / 1000,
  non2xx,
  socketErrors,
  ...toPercentiles(latenciesMs),
};
console.log(JSON.stringify(result));

function fetchOnce(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const beganMs = performance.now();
  const socket = connect({
    host: job.host,
    port: job.port,
    servername: job.tls.serverName,
    ALPNProtocols: [...job.tls.alpn],
    secureContext,
    // Its name is a SPIFFE ID; that the root signed it is checked.
    checkServerIdentity: () => undefined,
  });
  let answer = "";
  socket.setEncoding("latin1");
  socket.once("secureConnect", () => socket.write(request));
  socket.on("data", (text: string) => (answer += text));
  socket.on("error", () => (socketErrors += 1));
  socket.on("close", () => {
    latenciesMs.push(performance.now() - beganMs);
    if (answer !== "" && !answer.startsWith("HTTP/1.1 2")) non2xx += 1;
    if (answer === "") socketErrors += 1;
    resolve();
  });
  return promise;
}
