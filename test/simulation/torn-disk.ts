import { memoryStore } from "../../src/store/memory-store.js";
import type { SessionSummary, Store, StoreChange, StoredSession } from "../../src/store/store-port.js";

/** What is on the disk, across all lives of the process; and what of it a loss of power has torn. */
export class TornDisk {
  /** The store behind those of the processes. */
  readonly store: Store;
  readonly #torn = new Set<string>();
  #tears = false;

  constructor() {
    const inner = memoryStore();
    const torn = this.#torn;
    this.store = {
      durability: inner.durability,
      commit: (changes) => {
        if (!this.#tears) {
          for (const change of changes) if (change.type === "delete_session") torn.delete(change.sid);
          return inner.commit(changes);
        }
        for (const sid of changes.flatMap(sidOf)) torn.add(sid);
        return Promise.resolve();
      },
      claim: (sid, expectedVersion, owner) => inner.claim(sid, expectedVersion, owner),
      readSession: async (sid): Promise<StoredSession | undefined> =>
        torn.has(sid) ? { corrupt: true, sid } : inner.readSession(sid),
      async *sessions(): AsyncGenerator<SessionSummary, void> {
        for await (const summary of inner.sessions()) {
          yield torn.has(summary.sid) ? { corrupt: true, sid: summary.sid } : summary;
        }
      },
      readLog: (topic, fromOffset, limit) => inner.readLog(topic, fromOffset, limit),
      logs: () => inner.logs(),
      readRecord: (key) => inner.readRecord(key),
      records: (prefix) => inner.records(prefix),
      status: () => inner.status(),
      close: () => inner.close(),
    };
  }

  /** What is committed meanwhile is torn: a store finds it damaged, says so, and keeps the rest. */
  async tearing(lose: () => Promise<void>): Promise<void> {
    this.#tears = true;
    await lose();
    this.#tears = false;
  }
}

function sidOf(change: StoreChange): string[] {
  return "sid" in change ? [change.sid] : [];
}
