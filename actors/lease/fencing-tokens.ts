import type { ActorSystem } from "../../src/index.js";
import type { TokenSource } from "./lease-table.js";

/** Tokens per millisecond of wall time: a manager that grants fewer than a thousand leases a millisecond never overtakes the clock. */
const TOKENS_PER_MS = 1_024;

const sources = new WeakMap<ActorSystem, TokenSource>();

/**
 * The fencing tokens of a system: one rising sequence for all its lease managers, which outlives each of them.
 *
 * So tokens rise across a restart of a manager. They rise across a restart of the process too, because they begin at the wall time, unless the
 * machine's clock was set back in between. They stay below 2^53 until the year 2248.
 */
export function fencingTokens(system: ActorSystem): TokenSource {
  const known = sources.get(system);
  if (known !== undefined) return known;
  const source = new RisingTokens(Math.floor(system.clock.wallTime()) * TOKENS_PER_MS);
  sources.set(system, source);
  return source;
}

class RisingTokens implements TokenSource {
  #last: number;

  constructor(start: number) {
    this.#last = start;
  }

  next(): number {
    return ++this.#last;
  }
}
