import type { Topology } from "./contenders/contender.ts";

/** What is measured. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** `single`: one proxy between client and backend, all in plaintext; `pair`: two, with mutual TLS between them. */
  readonly topology: Topology;
  readonly connections: number;
  /** Requests per second that are sent whatever comes back; absent: as many as are answered (closed loop). */
  readonly requestsPerSecond?: number;
}

/** Bytes of the backend's answer. */
export const BODY_BYTES = 1024;

export const SCENARIOS: readonly Scenario[] = [
  { name: "plain", title: "Plain HTTP/1.1, 64 connections, saturated", topology: "single", connections: 64 },
  { name: "plain-1000", title: "Plain HTTP/1.1, 1,000 requests per second", topology: "single", connections: 64, requestsPerSecond: 1_000 },
  { name: "plain-5000", title: "Plain HTTP/1.1, 5,000 requests per second", topology: "single", connections: 64, requestsPerSecond: 5_000 },
  { name: "mtls", title: "Two sidecars, mutual TLS between them, 64 connections, saturated", topology: "pair", connections: 64 },
  {
    name: "mtls-1000",
    title: "Two sidecars, mutual TLS between them, 1,000 requests per second",
    topology: "pair",
    connections: 64,
    requestsPerSecond: 1_000,
  },
];

export const SCENARIO_NAMES = SCENARIOS.map((scenario) => scenario.name);
