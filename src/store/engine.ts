/** One write of a transaction: a value under a key, or the removal of the key when there is no value. */
export interface EngineWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A record as the engine keeps it. */
export interface EngineRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A view of the data that later transactions do not change. It must be let go of soon: meanwhile no space is reused. */
export interface EngineSnapshot {
  get(key: Uint8Array): Uint8Array | undefined;
  /** At most `limit` records from `start` (included) to `end` (not included), in order. */
  page(start: Uint8Array, end: Uint8Array, limit: number): EngineRecord[];
  /** The last key from `start` (included) to `end` (not included). */
  last(start: Uint8Array, end: Uint8Array): Uint8Array | undefined;
  release(): void;
}

/** What the embedded store asks of the package behind it: ordered bytes, one writer, transactions. */
export interface Engine {
  /**
   * Writes all or nothing; one call at a time.
   *
   * @throws {EngineError} as a rejection
   */
  write(writes: readonly EngineWrite[]): Promise<void>;
  /** One record, without a snapshot. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** At most `limit` keys, in order. */
  keys(start: Uint8Array, end: Uint8Array, limit: number): Uint8Array[];
  snapshot(): EngineSnapshot;
  /** Bytes of pages in use. */
  readonly usedBytes: number;
  /** Flushes what was written to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Why a transaction was not kept. `full`: no room; a smaller one may fit. `failed`: the engine cannot go on. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly kind: "full" | "failed";

  constructor(kind: "full" | "failed", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
