import type { Topology } from "./contenders/contender.ts";

/** What is measured. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /**
   * `single`: one proxy between client and backend, all in plaintext; `pair`: two, with mutual TLS between them; `http2`: as `single`, with HTTP/2 at the
   * client's side; `tcp`: one proxy that joins bytes; `grpc` and `tcp-pair`: as `pair`, for gRPC and for bytes; `handshake`: the second proxy of the pair
   * alone, called over mutual TLS.
   */
  readonly topology: Topology;
  readonly connections: number;
  /** Requests per second that are sent whatever comes back; absent: as many as are answered (closed loop). */
  readonly requestsPerSecond?: number;
  /** Requests at a time on each connection, which then speaks HTTP/2. */
  readonly streams?: number;
  /** Bytes of every answer, where CPU time is counted for what is carried and not for each request. */
  readonly carriedBytes?: number;
  /** How many times as long as others it is measured. */
  readonly stretch?: number;
}

/** For tails: the slowest thousandth of what is sent in a short measurement is a few requests. */
const TAIL_STRETCH = 3;
/** For bytes: the kernel takes seconds to find out how fast a connection is (BBR). */
const BULK_STRETCH = 3;

/** Bytes of the backend's answer. */
export const BODY_BYTES = 1024;
/** Where the backend has a large answer, and its bytes. */
export const LARGE_PATH = "/large";
export const LARGE_BYTES = 2 ** 20;

export const SCENARIOS: readonly Scenario[] = [
  { name: "plain", title: "Plain HTTP/1.1, 64 connections, saturated", topology: "single", connections: 64 },
  {
    name: "plain-1000",
    title: "Plain HTTP/1.1, 1,000 requests per second",
    topology: "single",
    connections: 64,
    requestsPerSecond: 1_000,
    stretch: TAIL_STRETCH,
  },
  { name: "plain-5000", title: "Plain HTTP/1.1, 5,000 requests per second", topology: "single", connections: 64, requestsPerSecond: 5_000 },
  { name: "mtls", title: "Two sidecars, mutual TLS between them, 64 connections, saturated", topology: "pair", connections: 64 },
  {
    name: "mtls-1000",
    title: "Two sidecars, mutual TLS between them, 1,000 requests per second",
    topology: "pair",
    connections: 64,
    requestsPerSecond: 1_000,
    stretch: TAIL_STRETCH,
  },
  {
    name: "h2",
    title: "HTTP/2 at the client's side, 8 connections of 16 streams, saturated",
    topology: "http2",
    connections: 8,
    streams: 16,
  },
  {
    name: "h2-single",
    title: "HTTP/2 at the client's side, 16 connections of one stream, saturated",
    topology: "http2",
    connections: 16,
    streams: 1,
  },
  {
    name: "grpc",
    title: "gRPC unary calls through two sidecars, mutual TLS between them, 8 connections of 16 streams, saturated",
    topology: "grpc",
    connections: 8,
    streams: 16,
  },
  {
    name: "tcp",
    title: "Bytes over TCP, 8 connections, saturated",
    topology: "tcp",
    connections: 8,
    carriedBytes: LARGE_BYTES,
    stretch: BULK_STRETCH,
  },
  {
    name: "tcp-mtls",
    title: "Bytes over TCP through two sidecars, mutual TLS between them, 8 connections",
    topology: "tcp-pair",
    connections: 8,
    carriedBytes: LARGE_BYTES,
    stretch: BULK_STRETCH,
  },
  {
    name: "handshake",
    title: "A mutual TLS connection of its own for every request, 16 at a time",
    topology: "handshake",
    connections: 16,
  },
];

/** Measured beside the scenarios, each in its own way: how memory grows, and requests while the configuration changes. */
export const FOOTPRINT = "footprint";
export const UPDATES = "updates";

export const SCENARIO_NAMES = [...SCENARIOS.map((scenario) => scenario.name), FOOTPRINT, UPDATES];
