import { EngineError, isSameNode, type Member, type NodeIdentity, type NodePort } from "../../src/cluster/node-port.js";
import { decodeHome, encodeHome, homesPrefix } from "./home-record.js";
import type { HomeSource, HomeTable } from "./home-table.js";
import type { Pauses } from "./pauses.js";
import { isHome } from "./sid-rule.js";

/** When the register is asked again, after it did not answer. */
const AGAIN_MS = 500;

/**
 * The homes of one endpoint in the shared register: brings what is there into a {@link HomeTable}, and changes what is this node's to change.
 *
 * Each change names the revision that the table knows, so of several nodes that want a home one gets it.
 */
export class HomeRegister implements HomeSource {
  readonly #port: NodePort;
  readonly #prefix: string;
  readonly #table: HomeTable;
  #stopWatching: () => void = () => undefined;
  /** Homes that somebody asks for and the register has not been asked for yet. */
  #asked = new Set<string>();
  #asking: Promise<void> | undefined;
  #askingNext: Promise<void> | undefined;

  constructor(port: NodePort, endpoint: string, table: HomeTable) {
    this.#port = port;
    this.#prefix = homesPrefix(endpoint);
    this.#table = table;
  }

  get self(): NodeIdentity {
    return this.#port.self;
  }

  get holdsPlace(): boolean {
    return this.#port.holdsPlace;
  }

  get members(): readonly Member[] {
    return this.#port.members;
  }

  /** Follows all changes from now on; `changed` is called after each. */
  watch(changed: () => void): void {
    this.#stopWatching = this.#port.register.watch(this.#prefix, {
      changed: ({ key, value, revision }) => {
        const home = this.#homeOf(key);
        if (home === undefined) return;
        const record = value === undefined ? undefined : decodeHome(value);
        if (record === undefined) this.#table.takeAbsent(home, revision);
        else this.#table.take(home, { record, revision });
        changed();
      },
      // Which were deleted meanwhile nobody tells.
      reset: () => void this.#again().catch(ignore),
    });
  }

  close(): void {
    this.#stopWatching();
  }

  /** Reads all of them. @throws {EngineError} as a rejection */
  async list(): Promise<void> {
    const before = new Map(this.#table.entries);
    const asked = this.#asked;
    this.#asked = new Set();
    const found = new Set<string>();
    for (const { key, value, revision } of await this.#port.register.list(this.#prefix)) {
      const home = this.#homeOf(key);
      const record = decodeHome(value);
      if (home === undefined || record === undefined) continue;
      found.add(home);
      this.#table.take(home, { record, revision });
    }
    for (const [home, { revision }] of before) if (!found.has(home)) this.#table.takeAbsent(home, revision);
    for (const home of asked) {
      if (!found.has(home) && !this.#table.entries.has(home)) this.#table.takeAbsent(home, 0);
    }
  }

  /** Asks whether there is such a home. All who ask while an answer is on its way share the next one. */
  async confirm(home: string): Promise<void> {
    this.#asked.add(home);
    try {
      await this.#again();
    } catch {
      // Nothing is known that was not: whoever asked asks again, or is told to.
    }
  }

  /**
   * Makes a home this node's, with its sessions in a store of this name, if its entry has the expected revision (0: none); when not, it is false, and
   * the table knows whose it is. Asks until the register answers: whether it was done is open before.
   *
   * @throws {EngineError} as a rejection: `not_joined` when this node has lost its place, `unreachable` when all is over first
   */
  async claim(home: string, store: string, expected: number, pauses: Pauses): Promise<boolean> {
    for (;;) {
      try {
        return await this.#claimOnce(home, store, expected);
      } catch (thrown) {
        if (!(thrown instanceof EngineError) || thrown.code === "not_joined" || pauses.isOver) throw thrown;
      }
      await pauses.pause(AGAIN_MS);
    }
  }

  async #claimOnce(home: string, store: string, expected: number): Promise<boolean> {
    const record = { node: this.self, store };
    const written = await this.#port.register.put(this.#prefix + home, encodeHome(record), expected);
    if (written.ok) {
      this.#table.take(home, { record, revision: written.revision });
      return true;
    }
    const { current } = written;
    const found = current === undefined ? undefined : decodeHome(current.value);
    if (current === undefined || found === undefined) this.#table.takeAbsent(home, expected);
    else this.#table.take(home, { record: found, revision: current.revision });
    // An earlier attempt may have been done whose answer was lost.
    return found !== undefined && found.store === store && isSameNode(found.node, this.self);
  }

  /** Takes a home out, if its entry has the expected revision. @throws {EngineError} as a rejection */
  async drop(home: string, expected: number): Promise<void> {
    const written = await this.#port.register.delete(this.#prefix + home, expected);
    if (written.ok) this.#table.takeAbsent(home, written.revision);
  }

  /** Whether a life of a node is over, by the register itself. @throws {EngineError} as a rejection */
  async isDown(node: NodeIdentity): Promise<boolean> {
    return (await this.#port.stateOf(node)) === "down";
  }

  /** Whether this node takes new things, by the register itself. @throws {EngineError} as a rejection */
  async isUp(): Promise<boolean> {
    return (await this.#port.stateOf(this.self)) === "up";
  }

  /** A reading that begins after now. */
  #again(): Promise<void> {
    if (this.#asking === undefined) return this.#ask();
    this.#askingNext ??= this.#asking.catch(ignore).then(() => {
      this.#askingNext = undefined;
      return this.#ask();
    });
    return this.#askingNext;
  }

  #ask(): Promise<void> {
    const asking = this.list().finally(() => {
      this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }

  #homeOf(key: string): string | undefined {
    const home = key.slice(this.#prefix.length);
    return isHome(home) ? home : undefined;
  }
}

function ignore(): void {
  // Whoever asked for it hears of the failure.
}
