import type { Cell } from "./cell.js";

/**
 * The links of one actor apart from that to its parent: none, one, or a set.
 *
 * Most actors have none or one, so a set is made only for the second. The link between parent and child is a flag on the child, because the
 * child list of the parent already holds the other half.
 */
export type Links = Cell | Set<Cell> | null;

/** The links with `other` added; at most one link exists between two actors. */
export function withLink(links: Links, other: Cell): Links {
  if (links === null || links === other) return other;
  if (links instanceof Set) return links.add(other);
  return new Set([links, other]);
}

/** Whether `other` is among the links. */
export function isLinked(links: Links, other: Cell): boolean {
  return links === other || (links instanceof Set && links.has(other));
}

/** The links with `other` removed. */
export function withoutLink(links: Links, other: Cell): Links {
  if (links === other) return null;
  if (links instanceof Set) {
    links.delete(other);
    return links.size === 0 ? null : links;
  }
  return links;
}

/** The linked actors, as a list that later changes do not touch. */
export function linkedCells(links: Links): readonly Cell[] {
  if (links === null) return [];
  return links instanceof Set ? [...links] : [links];
}
