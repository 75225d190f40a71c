import { encodeBody } from "../../src/protocol/frame.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { ChannelRow } from "../session/channel-table.js";
import type { SessionRef } from "../session/session-messages.js";

/**
 * Which sessions have joined which topic, and the one way to send to all of them.
 *
 * A broadcast is encoded once; every session gets a ref to the same bytes. A topic without sessions does not exist. Sessions put
 * themselves in and take themselves out, however they end.
 */
export class Subscriptions {
  readonly #topics = new Map<string, Set<ChannelRow>>();

  /** Topics with at least one session. */
  get size(): number {
    return this.#topics.size;
  }

  subscribe(topic: string, row: ChannelRow): void {
    const rows = this.#topics.get(topic);
    if (rows === undefined) this.#topics.set(topic, new Set([row]));
    else rows.add(row);
  }

  unsubscribe(topic: string, row: ChannelRow): void {
    const rows = this.#topics.get(topic);
    if (rows?.delete(row) === true && rows.size === 0) this.#topics.delete(topic);
  }

  /** The number of sessions on a topic. */
  count(topic: string): number {
    return this.#topics.get(topic)?.size ?? 0;
  }

  /**
   * Sends an event to every session on a topic, except one if given, and returns how many that are.
   *
   * @throws {PayloadError} when the payload has no JSON form
   */
  broadcast(topic: string, event: string, payload: unknown, except?: SessionRef): number {
    const rows = this.#topics.get(topic);
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
