import type { Cell } from "./cell.js";
import { DEAD } from "./flags.js";

/** Puts an actor at the end of its new parent's list of children. */
export function adopt(parent: Cell, child: Cell): void {
  child.parent = parent;
  // The list is a ring in one direction only: the first child's `previousSibling` is the last one, so that appending needs no search.
  const first = parent.firstChild;
  if (first === null) {
    parent.firstChild = child;
    child.previousSibling = child;
    child.nextSibling = null;
    return;
  }
  const last = first.previousSibling ?? first;
  last.nextSibling = child;
  child.previousSibling = last;
  child.nextSibling = null;
  first.previousSibling = child;
}

/** Takes an actor off its parent's list; it keeps its `parent`, which is still who started it. */
export function disown(child: Cell): void {
  const { parent, previousSibling: previous, nextSibling: next } = child;
  if (parent === null || previous === null) return;
  const first = parent.firstChild;
  if (first === child) {
    parent.firstChild = next;
    if (next !== null) next.previousSibling = previous === child ? next : previous;
  } else {
    previous.nextSibling = next;
    if (next !== null) next.previousSibling = previous;
    else if (first !== null) first.previousSibling = previous;
  }
  child.previousSibling = null;
  child.nextSibling = null;
}

/** Who takes in the children that outlive an actor: the nearest ancestor that asks for orphans, else the origin of the system. */
export function heirOf(cell: Cell, origin: Cell): Cell {
  for (let ancestor = cell.parent; ancestor !== null; ancestor = ancestor.parent) {
    if (ancestor.behaviour.adopts && (ancestor.flags & DEAD) === 0) return ancestor;
  }
  return origin;
}

/** The children of an actor, oldest first. */
export function* childrenOf(cell: Cell): Generator<Cell, void, undefined> {
  for (let child = cell.firstChild; child !== null; child = child.nextSibling) yield child;
}
