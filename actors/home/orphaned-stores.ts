import { type Store, StoreError } from "../../src/store/store-port.js";
import { EngineError } from "../../src/cluster/node-port.js";
import { formatReason, reasonOfThrown } from "../../src/index.js";
import { Adoption, type AdoptionSetting } from "./adoption.js";
import { decodeStoredHomes, STORED_HOMES } from "./home-record.js";
import { turnOf } from "./left-stores.js";

/** How long after its start a node leaves stores alone of which nobody has told: their nodes may be starting too. */
const PATIENCE_MS = 5_000;

/**
 * Looks for stores of nodes that are not there after a start of the whole cluster: it has fewer nodes than before. Of these the register, which
 * lives as long as the cluster, knows nothing.
 *
 * For as long as a session may live without a client; what is found later has nothing that anybody could come back for.
 */
export class OrphanedStores {
  readonly #setting: AdoptionSetting;
  readonly #adopt: (adoption: Adoption, opened: Store) => void;
  readonly #startedAt: number;
  readonly #told = new Set<string>();
  readonly #taken = new Set<string>();
  #taking: string | undefined;
  #isLooking = false;

  /** `adopt` is called with each store that is found, once it is open and its homes are this node's. */
  constructor(setting: AdoptionSetting, adopt: (adoption: Adoption, opened: Store) => void) {
    this.#setting = setting;
    this.#adopt = adopt;
    this.#startedAt = setting.system.clock.now();
  }

  /** Finds out whether there are such stores: until all of them are accounted for, nobody is told that a session is unknown. */
  async begin(): Promise<void> {
    try {
      this.#setting.table.mayHaveMore = (await this.#unclaimed()).length > 0;
    } catch (thrown) {
      this.#tell("", thrown);
    }
  }

  /** Whether it is claiming a store at this moment. */
  isTaking(name: string): boolean {
    return this.#taking === name;
  }

  /** To be called now and then: looks again when it is time. */
  look(): void {
    const { table, system, context } = this.#setting;
    const sinceMs = system.clock.now() - this.#startedAt;
    if (!table.mayHaveMore || this.#isLooking) return;
    if (sinceMs > context.limits.sessionTtlMs) {
      table.mayHaveMore = false;
      return;
    }
    this.#isLooking = true;
    void this.#lookNow(sinceMs).finally(() => {
      this.#isLooking = false;
    });
  }

  async #lookNow(sinceMs: number): Promise<void> {
    const { table, register } = this.#setting;
    try {
      await register.list();
      const up = register.members.filter(({ state }) => state === "up").map(({ node }) => node.name);
      for (const name of await this.#unclaimed()) {
        // The others look at the same time: those that come later find it claimed.
        const turn = turnOf(name, register.self.name, up);
        if (table.isRetired || this.#taken.has(name) || sinceMs < PATIENCE_MS * (1 + turn)) continue;
        await this.#take(name);
      }
      table.mayHaveMore = (await this.#unclaimed()).length > 0;
    } catch (thrown) {
      // The register will be there again, or this node is not any more.
      if (!(thrown instanceof EngineError)) this.#tell("", thrown);
    }
  }

  async #take(name: string): Promise<void> {
    const { folder, table, pauses } = this.#setting;
    const adoption = new Adoption(this.#setting, name);
    let store: Store | undefined;
    this.#taken.add(name);
    this.#taking = name;
    try {
      store = await folder.open(name);
      for (const home of decodeStoredHomes(await store.readRecord(STORED_HOMES)).homes) {
        // One that the register knows was taken over, and what is here of it is a rest.
        if (!table.entries.has(home)) await adoption.claim(home, 0);
      }
      if (pauses.isOver) throw new EngineError("not_joined", "The endpoint has stopped");
      this.#adopt(adoption, store);
    } catch (thrown) {
      this.#taken.delete(name);
      adoption.end();
      await store?.close();
      if (thrown instanceof EngineError) throw thrown;
      this.#tell(name, thrown);
    } finally {
      this.#taking = undefined;
    }
  }

  /** The stores of the folder of which no home is known. */
  async #unclaimed(): Promise<string[]> {
    const { folder, table } = this.#setting;
    const claimed = new Set([...table.entries.values()].map(({ record }) => record.store));
    return (await folder.list()).filter((name) => name !== folder.ownName && !claimed.has(name));
  }

  /** Tells once that a store cannot be had; `name` is empty when it is not known which there are. */
  #tell(name: string, error: unknown): void {
    // A living process has it: it is none of ours, or about to begin.
    if (error instanceof StoreError && error.code === "in_use") return;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    const what = name === "" ? "look for stores that were left" : `take over the sessions of the store ${name}`;
    this.#setting.system.report({
      type: "adoption_failed",
      level: "error",
      text: `the endpoint could not ${what}: ${formatReason(reasonOfThrown(error))}`,
      details: { store: name, error },
    });
  }
}
