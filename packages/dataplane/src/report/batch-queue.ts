import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A report that Mixer has not stored yet, encoded as the engine made it. */
export interface Batch {
  readonly sequence: bigint;
  readonly bytes: Uint8Array;
}

/** What the queue keeps while Mixer is away: ten minutes of one batch a second, as long as they are small. */
const BATCH_LIMIT = 600;
const BYTE_LIMIT = 16 << 20;

/** Batches in the order they were made, until they are acknowledged. Bounded: the oldest are given up first, and counted. */
export class BatchQueue {
  #batches: readonly Batch[] = [];
  #byteCount = 0;
  #droppedCount = 0;
  #acknowledgedCount = 0;

  get size(): number {
    return this.#batches.length;
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount;
  }

  /** Adds an encoded ReportBatch; one that has no readable sequence could never be acknowledged and counts as dropped. */
  push(bytes: Uint8Array): void {
    const sequence = sequenceOf(bytes);
    if (sequence === undefined) {
      this.#droppedCount += 1;
      return;
    }
    this.#batches = [...this.#batches, { sequence, bytes }];
    this.#byteCount += bytes.length;
    while (this.#batches.length > BATCH_LIMIT || this.#byteCount > BYTE_LIMIT) this.dropOldest();
  }

  /** Gives up the oldest batch. */
  dropOldest(): void {
    if (this.#batches.length === 0) return;
    this.#shift();
    this.#droppedCount += 1;
  }

  /** Forgets everything up to `sequence`, which is now Mixer's to keep. */
  acknowledge(sequence: bigint): void {
    while (this.#batches[0] !== undefined && this.#batches[0].sequence <= sequence) {
      this.#shift();
      this.#acknowledgedCount += 1;
    }
  }

  /** Up to `limit` batches, the oldest first, that come after `sequence`. */
  after(sequence: bigint, limit: number): readonly Batch[] {
    return this.#batches.filter((batch) => batch.sequence > sequence).slice(0, limit);
  }

  /** How many batches up to `sequence` are still here. */
  countUpTo(sequence: bigint): number {
    return this.#batches.filter((batch) => batch.sequence <= sequence).length;
  }

  #shift(): void {
    this.#byteCount -= this.#batches[0]?.bytes.length ?? 0;
    this.#batches = this.#batches.slice(1);
  }
}

/** `fairlead.telemetry.v1.ReportBatch.sequence`, read without decoding the rest. */
const SEQUENCE_FIELD = 2;

function sequenceOf(batch: Uint8Array): bigint | undefined {
  try {
    const reader = new BinaryReader(batch);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === SEQUENCE_FIELD && wireType === WireType.Varint) return BigInt(reader.uint64());
      reader.skip(wireType, field);
    }
  } catch {
    return undefined;
  }
  return undefined;
}
