import type { Publication } from "./publication.js";

/** One message that a node had not stored when it died. */
export interface MissedPublication {
  readonly publication: Publication;
  /** See `Topic.broadcast`. */
  readonly id: string | undefined;
}

/** What of one node's messages an answer holds. */
export interface MissedPart {
  readonly entries: readonly NumberedPublication[];
  /** False when some are not there any more. */
  readonly isWhole: boolean;
  /** Whether it is the last of the answer. */
  readonly isLast: boolean;
}

/** A message with its number among those of the node that has published it. */
export interface NumberedPublication extends MissedPublication {
  readonly number: number;
  /** When it was published, in milliseconds since 1970. */
  readonly at: number;
}

/** What came of asking all. */
export interface Missed {
  /** The messages of each topic, those of one publisher in their order. */
  readonly topics: ReadonlyMap<string, readonly MissedPublication[]>;
  /** False when something may be missing: somebody did not answer, or had forgotten some. */
  readonly isWhole: boolean;
}

interface Answer {
  readonly entries: NumberedPublication[];
  isWhole: boolean;
}

/**
 * Collects from all nodes what a dead one had not stored of their messages.
 *
 * What a topic of this node is sent from the beginning of the inquiry on is not asked for: whoever takes the dead node's sessions in has put them
 * on its topics before, so that they get it. Pure.
 */
export class MissedInquiry {
  readonly #answers = new Map<string, Answer>();
  readonly #waiting: Set<string>;
  /** By topic and publisher, the number of the first message that came here since. */
  readonly #first = new Map<string, Map<string, number>>();
  #isWhole = true;

  /** `nodes` are the keys of those that are asked. */
  constructor(nodes: Iterable<string>) {
    this.#waiting = new Set(nodes);
  }

  /** Whether all have answered, or will not. */
  get isDone(): boolean {
    return this.#waiting.size === 0;
  }

  /** A message came here, by the way of all messages. */
  arrived(topic: string, node: string, number: number): void {
    const known = this.#first.get(topic);
    if (known === undefined) this.#first.set(topic, new Map([[node, number]]));
    else if (!known.has(node)) known.set(node, number);
  }

  /** A node has answered. */
  answered(node: string, { entries, isWhole, isLast }: MissedPart): void {
    if (!this.#waiting.has(node)) return;
    const answer = this.#answers.get(node) ?? { entries: [], isWhole: true };
    this.#answers.set(node, answer);
    answer.entries.push(...entries);
    answer.isWhole &&= isWhole;
    if (isLast) this.#waiting.delete(node);
  }

  /** A node will not answer. */
  lost(node: string): void {
    if (this.#waiting.delete(node)) this.#isWhole = false;
  }

  /** All of it. Where somebody has not answered it is not whole. */
  result(): Missed {
    const all: { readonly node: string; readonly entry: NumberedPublication }[] = [];
    for (const [node, { entries }] of this.#answers) {
      // A clock that was put back must not change the order of one publisher's messages.
      let at = 0;
      for (const entry of entries) {
        const first = this.#first.get(entry.publication.topic)?.get(node) ?? Infinity;
        at = Math.max(at, entry.at);
        if (entry.number < first) all.push({ node, entry: { ...entry, at } });
      }
    }
    all.sort((one, other) => one.entry.at - other.entry.at);
    const topics = new Map<string, MissedPublication[]>();
    for (const { entry } of all) {
      const { publication, id } = entry;
      const known = topics.get(publication.topic);
      if (known === undefined) topics.set(publication.topic, [{ publication, id }]);
      else known.push({ publication, id });
    }
    const isWhole = this.isDone && this.#isWhole && [...this.#answers.values()].every((answer) => answer.isWhole);
    return { topics, isWhole };
  }
}
