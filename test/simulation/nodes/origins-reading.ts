import type { Ledger } from "../ledger.js";
import type { TopicReading } from "../reading.js";

interface Line {
  readonly n: number;
  /** How many holes had been announced by then. */
  readonly gaps: number;
}

/** What a reading of a topic knows of the world. */
export interface OriginsReadingOptions {
  readonly ledger: Ledger;
  /** The processes whose broadcasts are to be there in the end. */
  readonly origins: () => readonly string[];
}

/** What a ledger counts the broadcasts of one process on a topic as. */
export function lineOf(topic: string, origin: string): string {
  return `${topic}@${origin}`;
}

/**
 * What one client reads of a topic on which every node broadcasts: those of each node in order, each once, and where one is missing the client was
 * told of a hole after the one before.
 */
export class OriginsReading implements TopicReading {
  readonly #topic: string;
  readonly #options: OriginsReadingOptions;
  readonly #lines = new Map<string, Line>();
  #gaps = 0;
  #last = 0;

  constructor(topic: string, options: OriginsReadingOptions) {
    this.#topic = topic;
    this.#options = options;
  }

  get last(): number {
    return this.#last;
  }

  news(n: number, _binary: boolean, from: string): string | undefined {
    const before = this.#lines.get(from);
    const gaps = this.#gaps;
    this.#last = n;
    this.#lines.set(from, { n, gaps });
    // Of what came between its join and the answer nobody outside knows.
    if (before === undefined) return undefined;
    const what = `got ${n} of ${from} on ${this.#topic} after ${before.n}`;
    if (n <= before.n) return what;
    return n === before.n + 1 || gaps > before.gaps ? undefined : `${what}, and was told of no hole`;
  }

  gap(): string | undefined {
    this.#gaps++;
    return undefined;
  }

  lacks(): string | undefined {
    const { ledger, origins } = this.#options;
    for (const origin of origins()) {
      const published = ledger.published(lineOf(this.#topic, origin));
      const last = this.#lines.get(origin)?.n ?? 0;
      if (last < published) return `has ${last} of the ${published} broadcasts of ${origin} on ${this.#topic}`;
    }
    return undefined;
  }
}
