import { kindOf, segmentsOf, separatorOf } from "./topic-name.js";

class TrieNode<Value extends object> {
  /** What is at the pattern that ends here. */
  value: Value | undefined = undefined;
  literals: Map<string, TrieNode<Value>> | undefined = undefined;
  /** What comes after a `*`, by the separator in front of it. */
  stars: Map<string, TrieNode<Value>> | undefined = undefined;
  /** What is at a `**`, by the separator in front of it. */
  rests: Map<string, Value> | undefined = undefined;

  get isEmpty(): boolean {
    return (
      this.value === undefined && this.literals === undefined && this.stars === undefined && this.rests === undefined
    );
  }
}

/**
 * Values under patterns, found by the names that they match: see `checkPattern` for what a pattern is.
 *
 * A match walks the name's segments: what it costs depends on the number of stars that a pattern may have, and on the patterns that match, not on
 * how many there are. Pure.
 */
export class SegmentTrie<Value extends object> {
  readonly #root = new TrieNode<Value>();
  #size = 0;

  /** The number of patterns. */
  get size(): number {
    return this.#size;
  }

  /** The value under a pattern. */
  get(pattern: string): Value | undefined {
    let node: TrieNode<Value> | undefined = this.#root;
    for (const [index, segment] of segmentsOf(pattern).entries()) {
      const kind = kindOf(segment, index);
      if (kind === "rest") return node.rests?.get(separatorOf(segment, index));
      node = kind === "one" ? node.stars?.get(separatorOf(segment, index)) : node.literals?.get(segment);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  /** Puts a value under a pattern that has been checked, in place of an earlier one. */
  set(pattern: string, value: Value): void {
    let node = this.#root;
    for (const [index, segment] of segmentsOf(pattern).entries()) {
      const kind = kindOf(segment, index);
      const separator = separatorOf(segment, index);
      if (kind === "rest") {
        node.rests ??= new Map();
        if (!node.rests.has(separator)) this.#size++;
        node.rests.set(separator, value);
        return;
      }
      node =
        kind === "one"
          ? childOf((node.stars ??= new Map<string, TrieNode<Value>>()), separator)
          : childOf((node.literals ??= new Map<string, TrieNode<Value>>()), segment);
    }
    if (node.value === undefined) this.#size++;
    node.value = value;
  }

  /** Takes a pattern out, and what it alone needed; false when it was not in. */
  delete(pattern: string): boolean {
    const deleted = remove(this.#root, segmentsOf(pattern), 0);
    if (deleted) this.#size--;
    return deleted;
  }

  /** The values under all patterns that a name matches, in no order. */
  match(name: string): Value[] {
    const found: Value[] = [];
    collect(this.#root, segmentsOf(name), 0, found);
    return found;
  }
}

function childOf<Value extends object>(children: Map<string, TrieNode<Value>>, key: string): TrieNode<Value> {
  let child = children.get(key);
  if (child === undefined) {
    child = new TrieNode();
    children.set(key, child);
  }
  return child;
}

function collect<Value extends object>(
  node: TrieNode<Value>,
  segments: readonly string[],
  index: number,
  found: Value[],
): void {
  const segment = segments[index];
  if (segment === undefined) {
    if (node.value !== undefined) found.push(node.value);
    return;
  }
  const { literals, stars, rests } = node;
  const separator = separatorOf(segment, index);
  const rest = rests?.get(separator);
  if (rest !== undefined) found.push(rest);
  const literal = literals?.get(segment);
  if (literal !== undefined) collect(literal, segments, index + 1, found);
  const star = stars?.get(separator);
  if (star !== undefined) collect(star, segments, index + 1, found);
}

function remove<Value extends object>(node: TrieNode<Value>, segments: readonly string[], index: number): boolean {
  const segment = segments[index];
  if (segment === undefined) {
    const had = node.value !== undefined;
    node.value = undefined;
    return had;
  }
  const separator = separatorOf(segment, index);
  const kind = kindOf(segment, index);
  if (kind === "rest") {
    const had = node.rests?.delete(separator) === true;
    if (node.rests?.size === 0) node.rests = undefined;
    return had;
  }
  const children = kind === "one" ? node.stars : node.literals;
  const key = kind === "one" ? separator : segment;
  const child = children?.get(key);
  if (children === undefined || child === undefined || !remove(child, segments, index + 1)) return false;
  if (child.isEmpty) children.delete(key);
  if (node.stars?.size === 0) node.stars = undefined;
  if (node.literals?.size === 0) node.literals = undefined;
  return true;
}
