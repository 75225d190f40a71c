import type { ChannelRow } from "../session/channel-table.js";
import type { Broadcast } from "./broadcast.js";
import type { Backlog, BroadcastTurns } from "./broadcast-turns.js";

/** The bounds of what waits to be handed out. */
export interface BacklogLimits {
  readonly topicLogMessages: number;
  readonly topicLogBytes: number;
}

/** Broadcasts on their way to the rows of a large topic, oldest first, their offsets without a gap. */
interface Pending {
  readonly entries: Broadcast[];
  bytes: number;
  /** The rows that have not had their turn since the walk over all of them began. */
  rows: Iterator<ChannelRow, unknown>;
  /** The latest broadcast when it began: at its end everybody has it. */
  until: number;
}

/**
 * The rows of a topic that get what is broadcast at once: in one go while they are few, in {@link BroadcastTurns} when they are many.
 *
 * Whoever gets it late gets it in order all the same: each broadcast after those before it, and before whatever its channel sends after it.
 * While turns go on, a row that has had its turn waits for the next walk; one that has not gets all that came meanwhile together. What waits
 * has a bound: beyond it everything is handed out at once, for better one long pause than a memory that grows.
 */
export class LiveRows implements Backlog {
  readonly #rows = new Set<ChannelRow>();
  readonly #turns: BroadcastTurns;
  readonly #limits: BacklogLimits;
  #pending: Pending | undefined;

  constructor(turns: BroadcastTurns, limits: BacklogLimits) {
    this.#turns = turns;
    this.#limits = limits;
  }

  get size(): number {
    return this.#rows.size;
  }

  [Symbol.iterator](): Iterator<ChannelRow> {
    return this.#rows.values();
  }

  get isLeft(): boolean {
    return this.#pending !== undefined;
  }

  /** Puts a row in; what was broadcast before is not for it. */
  add(row: ChannelRow): void {
    const { entries } = this.#pending ?? {};
    row.handedOut = entries?.at(-1)?.offset ?? row.handedOut;
    this.#rows.add(row);
  }

  /** Takes a row out, with or without what waits for it; false for one that is not in. */
  delete(row: ChannelRow): boolean {
    return this.#rows.delete(row);
  }

  /** Hands a row what waits for it, before something else is sent to it. */
  catchUp(row: ChannelRow): void {
    if (this.#pending !== undefined && this.#rows.has(row)) handOutTo(row, this.#pending.entries);
  }

  /** Sends a broadcast to all rows but those of the session that it is not for. */
  send(entry: Broadcast): void {
    if (this.#pending === undefined && this.#rows.size <= this.#turns.size) {
      for (const row of this.#rows) if (row.session !== entry.except) row.session.cast.deliver(row, entry);
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) {
      const rows = this.#rows.values();
      this.#pending = { entries: [entry], bytes: entry.bytes, rows, until: entry.offset };
      this.#turns.add(this);
      return;
    }
    pending.entries.push(entry);
    pending.bytes += entry.bytes;
    const { topicLogMessages, topicLogBytes } = this.#limits;
    if (pending.entries.length > topicLogMessages || pending.bytes > topicLogBytes) this.handOut(Infinity);
  }

  handOut(most: number): number {
    let count = 0;
    for (let pending = this.#pending; pending !== undefined && count < most; pending = this.#pending) {
      const next = pending.rows.next();
      if (next.done === true) this.#endWalk(pending);
      // A row that has all of it has its turn too: it takes time to find that out.
      else count += Math.max(1, handOutTo(next.value, pending.entries));
    }
    return count;
  }

  /** All rows have what there was when the walk began. What came since some have not: those get it in another one. */
  #endWalk(pending: Pending): void {
    const { entries, until } = pending;
    const first = entries[0]?.offset ?? 0;
    for (const { bytes } of entries.splice(0, until + 1 - first)) pending.bytes -= bytes;
    const latest = entries.at(-1);
    if (latest === undefined) {
      this.#pending = undefined;
      return;
    }
    pending.rows = this.#rows.values();
    pending.until = latest.offset;
  }
}

/** Sends a row those that it has not had, and returns how many. */
function handOutTo(row: ChannelRow, entries: readonly Broadcast[]): number {
  const first = entries[0]?.offset ?? 0;
  let count = 0;
  for (let index = Math.max(0, row.handedOut + 1 - first); index < entries.length; index++) {
    const entry = entries[index];
    if (entry === undefined) break;
    row.handedOut = entry.offset;
    if (row.session === entry.except) continue;
    row.session.cast.deliver(row, entry);
    count++;
  }
  return count;
}
