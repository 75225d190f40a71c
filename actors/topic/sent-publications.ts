import type { Publication } from "./publication.js";

/** One message that nodes with kept sessions on its topic were sent. */
export interface SentPublication {
  /** Its number among all that this node has published. */
  readonly number: number;
  readonly publication: Publication;
  /** See `Topic.broadcast`. */
  readonly id: string | undefined;
  /** When it was published, in milliseconds since 1970. */
  readonly at: number;
  /** The keys of those nodes; {@link ANYBODY} for all that nobody here knew of. */
  readonly to: readonly string[];
}

/** Stands for the nodes that this one has never met. */
export const ANYBODY = "*";

/** What of one node's messages is still there. */
export interface SentPart {
  /** Oldest first. */
  readonly entries: readonly SentPublication[];
  /** False when some that came behind the asked number are not there any more. */
  readonly isWhole: boolean;
}

/** How much is remembered of what was sent. */
export interface SentBounds {
  readonly messages: number;
  readonly bytes: number;
  readonly ageMs: number;
}

const COMPACT_ABOVE = 64;

/**
 * The latest messages that this node has published for sessions kept on other nodes: if one of those dies, whoever takes its sessions in asks
 * for what it had not stored.
 *
 * Pure; bounded by count, bytes and age. What is forgotten is known to be missing, per node.
 */
export class SentPublications {
  readonly #bounds: SentBounds;
  #entries: SentPublication[] = [];
  #head = 0;
  #bytes = 0;
  /** For each node the highest number that was sent to it and is forgotten. */
  readonly #forgotten = new Map<string, number>();

  constructor(bounds: SentBounds) {
    this.#bounds = bounds;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#entries.length - this.#head;
  }

  add(entry: SentPublication): void {
    this.#entries.push(entry);
    this.#bytes += entry.publication.bytes;
    this.#trim(entry.at);
  }

  /** What a node was sent behind a number. */
  since(node: string, number: number): SentPart {
    const entries: SentPublication[] = [];
    for (let index = this.#head; index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry !== undefined && entry.number > number && entry.to.includes(node)) entries.push(entry);
    }
    return { entries, isWhole: (this.#forgotten.get(node) ?? 0) <= number };
  }

  /** Nobody will ask for a node any more. */
  forget(node: string): void {
    this.#forgotten.delete(node);
  }

  #trim(now: number): void {
    const { messages, bytes, ageMs } = this.#bounds;
    for (let oldest = this.#entries[this.#head]; oldest !== undefined; oldest = this.#entries[this.#head]) {
      if (this.size <= messages && this.#bytes <= bytes && now - oldest.at <= ageMs) break;
      this.#head++;
      this.#bytes -= oldest.publication.bytes;
      for (const node of oldest.to) this.#forgotten.set(node, oldest.number);
    }
    if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
