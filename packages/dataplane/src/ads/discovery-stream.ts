import type { ResourceUpsert } from "../native/engine.ts";
import type { Interest } from "./subscription.ts";

/** One response of an xDS server, the same for both protocols. */
export interface Update {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Version of the response as a whole. */
  readonly version: string;
  readonly upserts: readonly ResourceUpsert[];
  readonly removed: readonly string[];
  /** `state`: what is asked for as it is now, unchanged parts included; `difference`: what changed. */
  readonly scope: "difference" | "state";
}

/** One ADS stream while it lives; `delta-stream.ts` and `sotw-stream.ts` speak the two protocols. */
export interface DiscoveryStream {
  /** Tells the server what is wanted of a type; does nothing where it knows already. */
  subscribe(typeUrl: string, interest: Interest): void;
  /** ACK, or NACK with a text. */
  answer(update: Update, error: string | undefined): void;
  /** Stops reading until `resume`, so that a fast server cannot fill our memory. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface DiscoveryListener {
  readonly onUpdate: (update: Update) => void;
  /** Called once; the stream is of no use afterwards. */
  readonly onEnd: (reason: Error) => void;
}
