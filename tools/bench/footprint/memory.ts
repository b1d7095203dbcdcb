import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls, createSecureContext } from "node:tls";
import { BACKEND_NAME, OURS } from "../contenders/contender.ts";
import { readMemory } from "../cpu.ts";
import { startPinned, waitUntilReady } from "../process.ts";
import { type Host, HOSTS } from "./host.ts";
import { type Places, type Shape, SMALLEST } from "./shape.ts";

/** What one contender's process takes, and how it grows: proportional set size, KB. */
export interface Footprint {
  readonly contender: string;
  /** With one route to two clusters, before the first connection. */
  readonly idleKb: number;
  /** Of that: the process without a proxy in it (Node.js alone); 0 where the proxy is the process. */
  readonly emptyKb: number;
  readonly perThousandConnectionsKb: number;
  readonly perThousandTlsConnectionsKb: number;
  readonly perClusterBytes: number;
  readonly perEndpointBytes: number;
  readonly perRouteBytes: number;
  /** The same of what its engine alone has taken from the system; undefined where the whole process is native. */
  readonly engine: EngineFootprint | undefined;
}

export interface EngineFootprint {
  readonly idleBytes: number;
  readonly perClusterBytes: number;
  readonly perEndpointBytes: number;
  readonly perRouteBytes: number;
}

/** A process at one moment. */
interface Taken {
  readonly processKb: number;
  readonly engineBytes: number | undefined;
}

export interface FootprintOptions {
  readonly contender: keyof typeof HOSTS;
  readonly directory: string;
  readonly places: Places;
  readonly cpu: number;
}

const CONNECTIONS = 1_000;
const CLUSTERS = 2_000;
const ENDPOINTS = 20_000;
const ROUTES = 5_000;

export async function measureFootprint(options: FootprintOptions): Promise<Footprint> {
  const { contender } = options;
  const idle = await withHost(options, SMALLEST, takenBy);
  const growth = async (shape: Partial<Shape>, count: number): Promise<{ readonly bytes: number; readonly engineBytes: number }> => {
    const grown = await withHost(options, { ...SMALLEST, ...shape }, takenBy);
    return {
      bytes: ((grown.processKb - idle.processKb) * 1024) / count,
      engineBytes: ((grown.engineBytes ?? 0) - (idle.engineBytes ?? 0)) / count,
    };
  };
  const cluster = await growth({ clusters: SMALLEST.clusters + CLUSTERS }, CLUSTERS);
  const endpoint = await growth({ endpoints: SMALLEST.endpoints + ENDPOINTS }, ENDPOINTS);
  const route = await growth({ routes: SMALLEST.routes + ROUTES }, ROUTES);
  return {
    contender,
    idleKb: idle.processKb,
    emptyKb: contender === OURS ? await measureEmptyProcess(options) : 0,
    perThousandConnectionsKb: await withHost(options, SMALLEST, (host) => growthByConnections(host, options.places, false)),
    perThousandTlsConnectionsKb: await withHost(options, SMALLEST, (host) => growthByConnections(host, options.places, true)),
    perClusterBytes: cluster.bytes,
    perEndpointBytes: endpoint.bytes,
    perRouteBytes: route.bytes,
    engine:
      idle.engineBytes === undefined
        ? undefined
        : {
            idleBytes: idle.engineBytes,
            perClusterBytes: cluster.engineBytes,
            perEndpointBytes: endpoint.engineBytes,
            perRouteBytes: route.engineBytes,
          },
  };
}

async function takenBy(host: Host): Promise<Taken> {
  const processKb = memoryOf(host);
  return { processKb, engineBytes: await host.engineBytes() };
}

async function withHost<T>(options: FootprintOptions, shape: Shape, use: (host: Host) => T | Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(options.directory, `footprint-${options.contender}-`));
  const host = await HOSTS[options.contender]({ directory, cpu: options.cpu, shape, places: options.places });
  try {
    return await use(host);
  } finally {
    await host.stop();
  }
}

function memoryOf(host: Host): number {
  return readMemory([host.pid]).proportionalKb;
}

/** Connections that have served a request each and are kept open. */
async function growthByConnections(host: Host, places: Places, isSecure: boolean): Promise<number> {
  const sockets: Socket[] = [];
  const open = async (): Promise<void> => {
    sockets.push(await askOnce(isSecure ? connectSecurely(places) : connectPlain({ ...places.plain, noDelay: true })));
  };
  try {
    // What the first connections of all bring with them is not theirs.
    for (let index = 0; index < 10; index += 1) await open();
    const beforeKb = memoryOf(host);
    for (let index = 0; index < CONNECTIONS; index += 1) await open();
    return ((memoryOf(host) - beforeKb) * 1_000) / CONNECTIONS;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function connectSecurely({ secure, certificates }: Places): Socket {
  const { client, rootFile } = certificates;
  const files = { cert: client.certificateFile, key: client.keyFile, ca: rootFile };
  const [cert, key, ca] = [files.cert, files.key, files.ca].map((file) => readFileSync(file));
  return connectTls({
    ...secure,
    servername: BACKEND_NAME,
    secureContext: createSecureContext({ cert, key, ca }),
    // Its name is a SPIFFE ID; that the root signed it is checked.
    checkServerIdentity: () => undefined,
  });
}

async function askOnce(socket: Socket): Promise<Socket> {
  socket.setEncoding("latin1");
  socket.write(`GET / HTTP/1.1\r\nHost: ${BACKEND_NAME}\r\n\r\n`);
  const [answer] = await once(socket, "data");
  if (typeof answer !== "string" || !answer.startsWith("HTTP/1.1 200 "))
    throw new Error(`an idle connection was to begin with 200: ${answer}`);
  socket.on("data", () => undefined);
  return socket;
}

async function measureEmptyProcess({ directory, cpu }: FootprintOptions): Promise<number> {
  const logFile = join(directory, "empty.log");
  const program = 'globalThis.gc?.(); console.log("ready"); setInterval(() => undefined, 1e6)';
  const command = [process.execPath, "--expose-gc", "--max-semi-space-size=1", "--eval", program] as const;
  const child = startPinned({ cpu, command, logFile });
  try {
    await waitUntilReady("an empty process", child, async () => readFileSync(logFile, "utf8").includes("ready"));
    return readMemory([child.pid]).proportionalKb;
  } finally {
    await child.stop();
  }
}
