import { kindOf, segmentsOf, separatorOf } from "./topic-name.js";

class TreeNode<Value extends object> {
  value: Value | undefined = undefined;
  children: Map<string, TreeNode<Value>> | undefined = undefined;
}

/**
 * Values under names, found by pattern: what {@link SegmentTrie} is, the other way round.
 *
 * A look walks only the names that share what the pattern has in front of its first star. Pure.
 */
export class NameTree<Value extends object> {
  readonly #root = new TreeNode<Value>();

  set(name: string, value: Value): void {
    let node = this.#root;
    for (const segment of segmentsOf(name)) {
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) {
        child = new TreeNode();
        node.children.set(segment, child);
      }
      node = child;
    }
    node.value = value;
  }

  delete(name: string): void {
    prune(this.#root, segmentsOf(name), 0);
  }

  /** The values under all names that a pattern matches, in no order. */
  find(pattern: string): Value[] {
    const found: Value[] = [];
    collect(this.#root, segmentsOf(pattern), 0, found);
    return found;
  }
}

function collect<Value extends object>(
  node: TreeNode<Value>,
  segments: readonly string[],
  index: number,
  found: Value[],
): void {
  const segment = segments[index];
  if (segment === undefined) {
    if (node.value !== undefined) found.push(node.value);
    return;
  }
  const kind = kindOf(segment, index);
  if (kind === "literal") {
    const child = node.children?.get(segment);
    if (child !== undefined) collect(child, segments, index + 1, found);
    return;
  }
  for (const [name, child] of node.children ?? []) {
    if (separatorOf(name, index) !== separatorOf(segment, index)) continue;
    if (kind === "one") collect(child, segments, index + 1, found);
    else collectAll(child, found);
  }
}

function collectAll<Value extends object>(node: TreeNode<Value>, found: Value[]): void {
  if (node.value !== undefined) found.push(node.value);
  for (const child of node.children?.values() ?? []) collectAll(child, found);
}

/** Takes a name out below a node; true when nothing is left there. */
function prune<Value extends object>(node: TreeNode<Value>, segments: readonly string[], index: number): boolean {
  const segment = segments[index];
  if (segment === undefined) node.value = undefined;
  else {
    const child = node.children?.get(segment);
    if (child !== undefined && prune(child, segments, index + 1)) node.children?.delete(segment);
    if (node.children?.size === 0) node.children = undefined;
  }
  return node.value === undefined && node.children === undefined;
}
