import type { BucketRule } from "../../src/transport/admission/token-bucket.js";
import { SegmentTrie } from "./segment-trie.js";
import type { LogRule } from "./topic-logs.js";

/** What holds for the topics that match a pattern. */
export interface TopicRule {
  readonly log: LogRule | undefined;
  readonly rate: BucketRule | undefined;
}

interface Ranked {
  readonly rank: number;
  readonly rule: TopicRule;
}

/**
 * The rules of topics, by pattern: the first that a topic matches holds, and no other. Pure.
 */
export class TopicRules {
  readonly #patterns = new SegmentTrie<Ranked>();

  constructor(rules: readonly (readonly [pattern: string, rule: TopicRule])[]) {
    for (const [rank, [pattern, rule]] of rules.entries()) this.#patterns.set(pattern, { rank, rule });
  }

  /** The rule of a topic; `undefined` for none. */
  find(topic: string): TopicRule | undefined {
    if (this.#patterns.size === 0) return undefined;
    let first: Ranked | undefined;
    for (const ranked of this.#patterns.match(topic)) if (ranked.rank < (first?.rank ?? Infinity)) first = ranked;
    return first?.rule;
  }
}
