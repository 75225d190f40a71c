import type { ActorSystem } from "../../src/index.js";
import type { TokenSource } from "./lease-table.js";

/** Tokens per millisecond of wall time: a manager that grants fewer than a thousand leases a millisecond never overtakes the clock. */
const TOKENS_PER_MS = 1_024;

const sources = new WeakMap<ActorSystem, RisingTokens>();

/**
 * The fencing tokens of a system: one rising sequence for all its lease managers, which outlives each of them.
 *
 * So tokens rise across a restart of a manager. They rise across a restart of the process too, because they begin at the wall time, unless the
 * machine's clock was set back in between; and across a move of the manager to another node, as far as the clocks of the two agree.
 * `StoredTokens` rise in any case. They stay below 2^53 until the year 2248.
 */
export function fencingTokens(system: ActorSystem): TokenSource {
  const known = sources.get(system);
  // A manager that was moved here from another node may have granted by that node's wall time until now.
  if (known !== undefined) return known.from(firstToken(system));
  const source = new RisingTokens(firstToken(system));
  sources.set(system, source);
  return source;
}

/** The number above which tokens begin that are counted from the wall time. */
export function firstToken(system: ActorSystem): number {
  return Math.floor(system.clock.wallTime()) * TOKENS_PER_MS;
}

class RisingTokens implements TokenSource {
  #last: number;

  constructor(start: number) {
    this.#last = start;
  }

  /** All from now on are above this one. */
  from(least: number): this {
    this.#last = Math.max(this.#last, least);
    return this;
  }

  next(): number {
    return ++this.#last;
  }
}
