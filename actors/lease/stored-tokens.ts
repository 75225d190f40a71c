import { BadArgumentError, HoldfastError, whatCame } from "../../src/index.js";
import type { Store } from "../../src/store/store-port.js";
import type { TokenSource } from "./lease-table.js";

/**
 * Where the fencing tokens of one lease manager are remembered.
 *
 * Only every so many are written down, in advance: a grant never waits for the store. One store can serve many managers, each under a `name` of its own.
 */
export interface StoredTokensOptions {
  /** Any store of `holdfast/store`; one that survives the process is wanted. */
  readonly store: Pick<Store, "readRecord" | "commit">;
  /** What the pool is called in the store; two managers that run at once must not share it. */
  readonly name: string;
}

/** Thrown when tokens run out because the store does not take note of new ones: better none than one that was used. */
export class FencingTokensError extends HoldfastError {
  override readonly name = "FencingTokensError";
  readonly code = "tokens_exhausted";
}

/** So many tokens are noted as used at once: half of them last longer than any commit should take. */
const BLOCK = 1_048_576;
/** When the block is half used, each token of so many asks for the next one: a store that fails is not asked for each. */
const TRY_EVERY = 1_024;

/** Fencing tokens that rise across restarts of the process, because all up to `#reserved` are noted as used before any of them is. */
export class StoredTokens implements TokenSource {
  readonly #options: StoredTokensOptions;
  #last: number;
  #reserved: number;
  #reserving = false;
  readonly #failed: (error: unknown) => void;

  private constructor(options: StoredTokensOptions, last: number, failed: (error: unknown) => void) {
    this.#options = options;
    this.#last = last;
    this.#reserved = last;
    this.#failed = failed;
  }

  /**
   * Reads where the tokens of that name stand, and reserves the first block above that and above `least`.
   *
   * `failed` is told when a later block could not be reserved. It is tried again after some more tokens.
   */
  static async open(
    options: StoredTokensOptions,
    least: number,
    failed: (error: unknown) => void,
  ): Promise<StoredTokens> {
    const { store, name } = options;
    if (typeof name !== "string" || name === "" || typeof store?.readRecord !== "function") {
      throw new BadArgumentError(`Expected tokens with a store and a name; got ${whatCame(options)}`);
    }
    const record = await store.readRecord(keyOf(name));
    const tokens = new StoredTokens(options, Math.max(least, numberOf(record)), failed);
    await tokens.#reserve();
    return tokens;
  }

  next(): number {
    if (this.#last >= this.#reserved) {
      const { name } = this.#options;
      throw new FencingTokensError(`Cannot make a fencing token for ${name}: its store has taken no note of new ones`);
    }
    const token = ++this.#last;
    const low = token % TRY_EVERY === 0 && this.#reserved - token < BLOCK / 2;
    if (low && !this.#reserving) this.#reserve().catch(this.#failed);
    return token;
  }

  async #reserve(): Promise<void> {
    this.#reserving = true;
    const { store, name } = this.#options;
    const reserved = this.#reserved + BLOCK;
    const value = new TextEncoder().encode(String(reserved));
    try {
      await store.commit([{ type: "put_record", key: keyOf(name), value }]);
      this.#reserved = reserved;
    } finally {
      this.#reserving = false;
    }
  }
}

function keyOf(name: string): string {
  return `lease-tokens/${name}`;
}

function numberOf(record: Uint8Array | undefined): number {
  const number = record === undefined ? 0 : Number(new TextDecoder().decode(record));
  return Number.isSafeInteger(number) ? number : 0;
}
