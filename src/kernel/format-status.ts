import type { Cell } from "./cell.js";

/** What an actor shows of its state, through its `formatStatus`; a text in its place when that throws. */
export function shownState(cell: Cell): unknown {
  try {
    return cell.actor?.formatStatus();
  } catch {
    // Whoever looks at an actor must not be stopped by it: that its hook fails is the answer.
    return `${cell.behaviour.name}.formatStatus crashed`;
  }
}
