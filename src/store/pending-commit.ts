import type { EncodedCommit, KeyRange } from "./commit-queue.js";
import { type AppliedChange, applyChange, bytesOfChange, encodeChange, Encoding } from "./encode-change.js";
import type { EngineWrite } from "./engine.js";
import { type Ledger, Undo } from "./ledger.js";
import type { StoreChange } from "./store-port.js";

/**
 * A commit that the ledger has let in, and whose writes are made when its transaction is about to begin.
 *
 * It refers to the frames of its changes until then: they belong to the store from the commit on.
 */
export class PendingCommit implements EncodedCommit {
  readonly undo: Undo;
  bytes = 0;
  #applied: AppliedChange[] = [];
  #encoding: Encoding | undefined;

  /** Makes the changes in the ledger. @throws {StoreError} if one of them may not be made; then none is */
  constructor(changes: readonly StoreChange[], ledger: Ledger) {
    const undo = new Undo();
    this.undo = undo;
    try {
      for (const change of changes) {
        this.#applied.push(applyChange(change, ledger, undo));
        this.bytes += bytesOfChange(change);
      }
    } catch (error) {
      ledger.restore(undo);
      throw error;
    }
  }

  get writes(): readonly EngineWrite[] {
    return this.#encoded.writes;
  }

  get garbage(): readonly KeyRange[] {
    return this.#encoded.garbage;
  }

  get #encoded(): Encoding {
    if (this.#encoding !== undefined) return this.#encoding;
    const encoding = new Encoding();
    for (const applied of this.#applied) encodeChange(applied, encoding);
    this.#applied = [];
    this.#encoding = encoding;
    return encoding;
  }
}
