/** How client, proxies and backend stand to each other; see Scenario. */
export type Topology = "single" | "pair" | "http2" | "grpc" | "tcp" | "tcp-pair" | "handshake";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a load generator sends its requests. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Request target: a path, or an absolute URL for a proxy that is called as one. */
  readonly path: string;
  readonly hostHeader: string;
  /** Where a proxy is asked by CONNECT to carry bytes to, `host:port`; absent: it knows. */
  readonly connectTo?: string;
  /** What a client of the topology `handshake` shows and expects. */
  readonly tls?: TlsFiles;
}

/** A client's side of mutual TLS, as PEM files. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly rootFile: string;
  readonly serverName: string;
  /** Protocols that the client offers; empty: none. */
  readonly alpn: readonly string[];
}

/** A contender that serves. */
export interface Running {
  readonly name: string;
  /** What stands in the tables. */
  readonly title: string;
  readonly version: string;
  readonly targets: Readonly<Partial<Record<Topology, Target>>>;
  /** Processes whose work is the contender's, per topology. */
  readonly pids: (topology: Topology) => readonly number[];
  /** What is switched on and what is not, for the report. */
  readonly configuration: string;
  stop(): Promise<void>;
}

/** Why a contender takes no part. */
export class MissingContender extends Error {
  override readonly name = "MissingContender";
}

/** The server behind every proxy. It answers the same at its first two ports; a mesh knows the second one as a port for bytes. */
export interface Backend {
  readonly host: string;
  readonly port: number;
  readonly tcpPort: number;
  /** Where a server of gRPC's form listens: HTTP/2 without TLS, it sends back what it gets, and trailers. */
  readonly grpcPort: number;
}

export interface StartOptions {
  /** Private folder for configuration and state. */
  readonly directory: string;
  readonly backend: Backend;
  readonly loadCpu: number;
  readonly proxyCpu: number;
}

export const OURS = "fairlead";
export const CANARY = "direct";
export const CONTENDER_NAMES = [CANARY, "haproxy", "nginx", "nghttpx", "envoy", OURS] as const;

/** The name by which clients call the backend. */
export const BACKEND_NAME = "backend.default.svc.cluster.local";
/** The method that scenarios of gRPC call. */
export const GRPC_PATH = "/bench.Echo/Send";
/** What clients and backend send each other there: an uncompressed message of 16 bytes, that is a flag, its length, then itself. */
export const GRPC_MESSAGE = Buffer.from([0, 0, 0, 0, 16, ...Buffer.from("sixteen bytes of")]);
/** Connections to the backend that a proxy keeps open: more than any scenario has clients. */
export const IDLE_CONNECTIONS = 128;
