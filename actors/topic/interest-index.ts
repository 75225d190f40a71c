import { SegmentTrie } from "./segment-trie.js";
import { isPattern } from "./topic-name.js";

/** What is wanted of a topic: its messages as values, for actors and logs, or the frames that clients get; or both. */
export const Interest = { values: 1, clients: 2 } as const;

const NAME = "=";
const PATTERN = "~";
const KEPT = "!";

/** The key of the interest in a topic: apart from patterns, for a client may join a topic that is spelled like one. */
export function nameKey(topic: string): string {
  return NAME + topic;
}

/** The key of the interest of actors, which may be in a pattern. */
export function listenersKey(topic: string): string {
  return isPattern(topic) ? PATTERN + topic : NAME + topic;
}

/** The key of what says that there are sessions on a topic that are kept in a store. */
export function keptKey(topic: string): string {
  return KEPT + topic;
}

/** Whether a key is one of {@link keptKey}. */
export function isKeptKey(key: string): boolean {
  return key.startsWith(KEPT);
}

/** The topic, or pattern, in a key. */
export function topicOfKey(key: string): string {
  return key.slice(1);
}

/**
 * Which other nodes are interested in which topics: found by the name of a topic, in the time of one look for those that want it by name.
 *
 * Pure; a node may be anything.
 */
export class InterestIndex<Node> {
  readonly #names = new Map<string, Map<Node, number>>();
  readonly #patterns = new SegmentTrie<Map<Node, number>>();

  /** Notes what a node wants under a key; nothing any more with `undefined`. */
  set(node: Node, key: string, wants: number | undefined): void {
    const table = key.startsWith(PATTERN) ? this.#patterns : this.#names;
    const topic = key.slice(1);
    const known = table.get(topic);
    if (wants === undefined) {
      if (known?.delete(node) === true && known.size === 0) table.delete(topic);
    } else if (known === undefined) table.set(topic, new Map([[node, wants]]));
    else known.set(node, wants);
  }

  /** What which node wants of a topic, by name or by pattern; `undefined` for nobody. */
  find(topic: string): ReadonlyMap<Node, number> | undefined {
    const named = this.#names.get(topic);
    const matching = this.#patterns.size === 0 ? [] : this.#patterns.match(topic);
    if (matching.length === 0) return named;
    const all = new Map(named);
    for (const interested of matching) {
      for (const [node, wants] of interested) all.set(node, (all.get(node) ?? 0) | wants);
    }
    return all;
  }
}
