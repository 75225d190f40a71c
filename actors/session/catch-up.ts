import { encodeBody } from "../../src/protocol/frame.js";
import { ChannelEvent } from "../../src/protocol/names.js";
import type { Gap } from "../channel/overflow.js";
import { Broadcast } from "../topic/broadcast.js";
import { AwayRow } from "./away-row.js";
import type { ChannelRow } from "./channel-table.js";
import type { Body } from "./outbox.js";
import type { SessionHost } from "./session-host.js";
import type { SessionLine } from "./session-line.js";

/** Broadcasts that one session reads from logs before others get their turn. */
const TURN = 64;

/**
 * The topics of a session that are read from their logs, because its client is away or was too slow; not there while all are live.
 *
 * Turns are given by the endpoint, to a few sessions at a time, so a storm of those that come back leaves room for live traffic. A turn reads at
 * most 64 broadcasts, and only as many as the client can take soon. A row that has read all becomes live again.
 */
export class CatchUp {
  readonly #host: SessionHost;
  readonly #line: SessionLine;
  readonly #rows = new Map<ChannelRow, AwayRow>();
  /** How many times rows were put away without the session having seen all that was on its way to it by then. */
  #unsettled = 0;

  constructor(host: SessionHost, line: SessionLine) {
    this.#host = host;
    this.#line = line;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Whether it has nothing to do, and nothing to wait for. */
  get isDone(): boolean {
    return this.#rows.size === 0 && this.#unsettled === 0;
  }

  /** The rows that wait for their client to join them again. */
  get unjoined(): ChannelRow[] {
    return [...this.#rows.values()].filter(({ hold }) => hold === "join").map(({ row }) => row);
  }

  find(row: ChannelRow): AwayRow | undefined {
    return this.#rows.get(row);
  }

  /** Forgets a row that was left. */
  remove(row: ChannelRow): void {
    this.#rows.delete(row);
  }

  /**
   * Puts rows away, except those that are.
   *
   * What was broadcast before is still in the session's mailbox. So nothing is read from a log until the session has seen the message
   * `settled`, which it sends itself now: then all of that has come.
   */
  putAway(rows: Iterable<ChannelRow>): void {
    const { context, ref } = this.#host;
    let some = false;
    for (const row of rows) {
      if (row.leaving || this.#rows.has(row)) continue;
      const topic = context.subscriptions.find(row.topic);
      // A row that is not subscribed yet becomes so, and is put away, when its join is answered.
      if (topic?.putAway(row) !== true) continue;
      this.#rows.set(row, new AwayRow(row, topic, context.routes.overflowOf(row), context.limits));
      some = true;
    }
    if (!some) return;
    this.#unsettled++;
    ref.cast.settled();
  }

  /** Puts a row of a session that was restored where it stood; `held` are frames that its client gets before anything else. */
  restore(row: ChannelRow, cursor: number, held?: readonly Body[]): void {
    const { context } = this.#host;
    const topic = context.subscriptions.find(row.topic);
    if (topic === undefined) return;
    topic.putBack(row);
    const away = new AwayRow(row, topic, context.routes.overflowOf(row), context.limits, cursor);
    if (held !== undefined) away.frames = [...held];
    this.#rows.set(row, away);
  }

  /** The client of a row gets a gap before anything that is read from now on: a channel that makes up for gaps is asked to. */
  missed(row: ChannelRow, gap: Gap): void {
    const away = this.#rows.get(row);
    if (away === undefined || !this.#host.context.routes.answersGaps(row.topic)) return;
    away.hold = "snapshot";
    away.unanswered = gap;
    this.#host.keeper?.metaChanged();
    row.channel?.cast.gap(gap);
  }

  /** The channel of a row has made up for a gap. */
  answered(row: ChannelRow): void {
    const away = this.#rows.get(row);
    if (away?.unanswered === undefined) return;
    away.unanswered = undefined;
    if (away.hold === "snapshot") away.hold = undefined;
    this.#host.keeper?.metaChanged();
  }

  /** The session has seen what was on its way. */
  settled(): void {
    this.#unsettled--;
  }

  /** Asks for a turn when there is something to read, and room for it. */
  ask(): void {
    if (this.#unsettled > 0) return;
    const { hasRoom } = this.#line;
    for (const away of this.#rows.values()) {
      if (away.isDone || (hasRoom && away.hold === undefined)) return this.#host.context.replays.join(this.#host.ref);
    }
  }

  /** Reads what the client can take now; true when there may be more. */
  turn(): boolean {
    if (this.#unsettled > 0) return false;
    let left = TURN;
    for (const away of this.#rows.values()) {
      while (left > 0 && away.hold === undefined && !away.isDone && this.#line.hasRoom) {
        left--;
        this.#step(away);
      }
      if (!away.isDone) continue;
      this.#rows.delete(away.row);
      away.topic.putLive(away.row);
    }
    return left === 0;
  }

  #step(away: AwayRow): void {
    const step = away.take();
    if (step === undefined) return;
    const { row } = away;
    if (step instanceof Broadcast) return this.#line.emit(step.frame, step.bytes, row, step);
    const body = encodeBody(row.joinRef, null, row.topic, ChannelEvent.gap, step);
    this.#line.emit(body, body.length, row, step);
    this.missed(row, step);
  }
}
