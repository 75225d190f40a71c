import type { AbsentChild, HiddenNodes, TreeNode, TreeSnapshot } from "../inspect/protocol/tree.js";
import { formatCount } from "./quantities.js";
import { absentDetails, rowDetails } from "./row-details.js";
import { printable } from "./safe-text.js";
import { type Span, span } from "./span.js";

/** The signs that a tree is drawn with. */
export interface Signs {
  readonly branch: string;
  readonly lastBranch: string;
  readonly line: string;
  readonly gap: string;
  readonly ellipsis: string;
}

/** Signs for terminals that show UTF-8. */
export const UTF8_SIGNS: Signs = { branch: "├─ ", lastBranch: "└─ ", line: "│  ", gap: "   ", ellipsis: "…" };

/** Signs for all others. */
export const ASCII_SIGNS: Signs = { branch: "|- ", lastBranch: "`- ", line: "|  ", gap: "   ", ellipsis: "..." };

/** One line of the tree before its columns are aligned. A row without columns spans the line. */
export interface Row {
  readonly branches: string;
  readonly title: Span;
  readonly columns: { readonly behaviour: string; readonly details: readonly Span[] } | undefined;
}

/** What hangs from one place of the tree. */
export interface Family {
  readonly children: readonly TreeNode[];
  readonly more: HiddenNodes | undefined;
  readonly absent: readonly AbsentChild[];
}

/** The rows of a whole snapshot: the root with its descendants, then what has no supervisor under a line of its own. */
export function snapshotRows({ root, orphans, moreOrphans }: TreeSnapshot, signs: Signs): readonly Row[] {
  const rows: Row[] = [];
  if (root !== undefined) {
    rows.push(actorRow(root, "", root.behaviour, signs));
    addFamily(rows, familyOf(root), "", signs);
  }
  if (orphans.length > 0 || moreOrphans !== undefined) {
    rows.push({ branches: "", title: span("(not supervised)", "dim"), columns: undefined });
    addFamily(rows, { children: orphans, more: moreOrphans, absent: [] }, "", signs);
  }
  return rows;
}

/** The rows of what hangs from one place, as branches. */
export function familyRows(family: Family, signs: Signs): readonly Row[] {
  const rows: Row[] = [];
  addFamily(rows, family, "", signs);
  return rows;
}

/** What hangs from an actor. */
export function familyOf(node: TreeNode): Family {
  return { children: node.children, more: node.more, absent: node.supervisor?.absent ?? [] };
}

function addFamily(rows: Row[], { children, more, absent }: Family, prefix: string, signs: Signs): void {
  let left = children.length + absent.length + (more === undefined ? 0 : 1);
  const nextBranch = (): string => prefix + (--left === 0 ? signs.lastBranch : signs.branch);
  for (const child of children) {
    rows.push(actorRow(child, nextBranch(), child.ref, signs));
    addFamily(rows, familyOf(child), prefix + (left === 0 ? signs.gap : signs.line), signs);
  }
  for (const child of absent) rows.push(absentRow(child, nextBranch()));
  if (more !== undefined) {
    rows.push({ branches: nextBranch(), title: span(hiddenText(more, signs), "dim"), columns: undefined });
  }
}

function actorRow(node: TreeNode, branches: string, fallback: string, signs: Signs): Row {
  const title = printable(node.name ?? node.label ?? node.id ?? fallback);
  const behaviour = printable(node.behaviour);
  return {
    branches,
    title: span(title, node.name === undefined ? "plain" : "strong"),
    columns: {
      behaviour: behaviour === title ? printable(node.kind) : behaviour,
      details: rowDetails(node, title, signs.ellipsis),
    },
  };
}

function absentRow(child: AbsentChild, branches: string): Row {
  const behaviour = printable(child.behaviour);
  return {
    branches,
    title: span(child.id === undefined ? "(no id)" : printable(child.id), "dim"),
    columns: { behaviour, details: absentDetails(child) },
  };
}

function hiddenText({ count, atLeast, byLife }: HiddenNodes, signs: Signs): string {
  const lives = Object.entries(byLife).map(([life, actors]) => `${formatCount(actors)} ${printable(life)}`);
  const which = lives.length === 0 ? "" : ` (${lives.join(", ")})`;
  return `${signs.ellipsis} ${atLeast === true ? "at least " : ""}${formatCount(count)} more${which}`;
}
