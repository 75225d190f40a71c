import { encodeBody } from "../../src/protocol/frame.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { ChannelRow } from "../session/channel-table.js";
import type { SessionRef } from "../session/session-messages.js";

interface Topic {
  readonly name: string;
  readonly rows: Set<ChannelRow>;
}

/**
 * Which sessions have joined which topic, and the one way to send to all of them.
 *
 * A broadcast is encoded once; every session gets a ref to the same bytes. A topic without sessions does not exist. Sessions put
 * themselves in and take themselves out, however they end.
 */
export class Subscriptions {
  readonly #topics = new Map<string, Topic>();

  /** Topics with at least one session. */
  get size(): number {
    return this.#topics.size;
  }

  subscribe(topic: string, row: ChannelRow): void {
    const known = this.#topics.get(topic);
    if (known === undefined) this.#topics.set(topic, { name: topic, rows: new Set([row]) });
    else known.rows.add(row);
  }

  unsubscribe(topic: string, row: ChannelRow): void {
    const rows = this.#topics.get(topic)?.rows;
    if (rows?.delete(row) === true && rows.size === 0) this.#topics.delete(topic);
  }

  /** The same name as the one string that all subscribers of a topic share: each client's frame brings a string of its own. */
  nameOf(topic: string): string {
    return this.#topics.get(topic)?.name ?? topic;
  }

  /** The number of sessions on a topic. */
  count(topic: string): number {
    return this.#topics.get(topic)?.rows.size ?? 0;
  }

  /**
   * Sends an event to every session on a topic, except one if given, and returns how many that are.
   *
   * @throws {PayloadError} when the payload has no JSON form
   */
  broadcast(topic: string, event: string, payload: unknown, except?: SessionRef): number {
    const rows = this.#topics.get(topic)?.rows;
    if (rows === undefined) return 0;
    const frame = SharedFrame.text(encodeBody(null, null, topic, event, payload));
    let sent = 0;
    for (const row of rows) {
      if (row.session === except) continue;
      row.session.cast.deliver(frame, frame.body.length);
      sent++;
    }
    return sent;
  }
}
