import { connect } from "node:net";
import { request } from "node:http";

const ATTEMPT_TIMEOUT_MS = 2_000;

/** Whether a GET answers 2xx. */
export function answersHttp(url: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    // No agent: a connection of its own, closed with the answer, so that nothing keeps a stopping server busy.
    const attempt = request(url, { agent: false, signal, timeout: ATTEMPT_TIMEOUT_MS }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
    });
    attempt.once("timeout", () => attempt.destroy());
    attempt.once("error", () => resolve(false));
    attempt.end();
  });
}

/** Whether a TCP connection is accepted. */
export function acceptsTcp(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: ATTEMPT_TIMEOUT_MS });
    const end = (isAccepted: boolean): void => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
