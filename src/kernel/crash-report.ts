import type { Cell } from "./cell.js";
import { type ExitReason, errorOfReason, formatReason } from "./exit-reason.js";
import { TRAPPING } from "./flags.js";
import { shownState } from "./format-status.js";
import { type ActorStatus, linksOf, statusOf } from "./info.js";
import type { Report } from "./report.js";

const MOST_NEIGHBOURS = 15;
/** Most characters of an error's message and stack in the text of a report. */
const LONGEST_STACK = 4_000;

/** A linked actor that the crash may end too, as the report shows it. */
interface Neighbour {
  readonly ref: string;
  readonly behaviour: string;
  readonly name: string | undefined;
  readonly label: string | undefined;
  readonly status: ActorStatus;
  readonly mailboxLength: number;
}

/**
 * The report of an actor that ends by its own doing: what it was, why, what it had to do with, and who started it.
 *
 * The state is what its `formatStatus` shows. Neighbours are linked actors that do not trap exits, which the crash may end too; at most 15.
 * What will have changed is taken down at once; text and stack, which cost more than the whole restart, are made when they are read.
 */
export class CrashReport implements Report {
  readonly type = "crash";
  readonly level = "error";
  readonly #title: string;
  readonly #reason: ExitReason;
  readonly #facts: Readonly<Record<string, unknown>>;

  constructor(cell: Cell, reason: ExitReason) {
    const links = linksOf(cell);
    this.#title = cell.describe();
    this.#reason = reason;
    this.#facts = {
      ref: cell.toString(),
      behaviour: cell.behaviour.name,
      name: cell.extras?.name,
      label: cell.extras?.label,
      reason,
      ancestors: ancestorsOf(cell),
      status: statusOf(cell),
      trapExit: (cell.flags & TRAPPING) !== 0,
      mailboxLength: cell.mailboxLength,
      handled: cell.handled,
      links: links.map((other) => other.toString()),
      neighbours: neighboursAmong(links),
      state: shownState(cell),
    };
  }

  get text(): string {
    const stack = errorOfReason(this.#reason)?.stack?.slice(0, LONGEST_STACK);
    return `${this.#title} crashed: ${stack ?? formatReason(this.#reason)}`;
  }

  get details(): Readonly<Record<string, unknown>> {
    const reason = this.#reason;
    return { ...this.#facts, errorInfo: { class: classOf(reason), reason, stack: errorOfReason(reason)?.stack } };
  }

  toJSON(): Report {
    return { type: this.type, level: this.level, text: this.text, details: this.details };
  }
}

function ancestorsOf(cell: Cell): string[] {
  const ancestors: string[] = [];
  for (let ancestor = cell.parent; ancestor !== null && ancestor.parent !== null; ancestor = ancestor.parent) {
    ancestors.push(ancestor.describe());
  }
  return ancestors;
}

function neighboursAmong(links: readonly Cell[]): Neighbour[] {
  const found: Neighbour[] = [];
  for (const other of links) {
    if ((other.flags & TRAPPING) !== 0) continue;
    found.push({
      ref: other.toString(),
      behaviour: other.behaviour.name,
      name: other.extras?.name,
      label: other.extras?.label,
      status: statusOf(other),
      mailboxLength: other.mailboxLength,
    });
    if (found.length === MOST_NEIGHBOURS) break;
  }
  return found;
}

/** `error` for a thrown `Error`, `throw` for another thrown value, `exit` for a reason that the actor gave itself. */
function classOf(reason: ExitReason): "error" | "throw" | "exit" {
  if (errorOfReason(reason) !== undefined) return "error";
  return typeof reason === "object" && reason !== null && "nocatch" in reason ? "throw" : "exit";
}
