import { Actor, BadArgumentError, type Deferred, formatReason, reasonOfThrown, whatCame } from "../../src/index.js";
import { isReservedEvent } from "../../src/protocol/names.js";
import type { BroadcastOptions } from "./broadcast.js";
import type { Subscriptions } from "./subscriptions.js";

/** What the topics' actor is started with. */
export interface TopicsStart {
  readonly subscriptions: Subscriptions | undefined;
  /** Says when what was broadcast is safe in a store; `undefined` without one. */
  readonly writer: { whenSafe(safe: () => void): void } | undefined;
}

/**
 * The way for any actor, or the program, to send an event to all clients on a topic of an endpoint.
 *
 * Registered as `<endpoint>.topics`: `system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", {…})`. Broadcasts by one
 * sender arrive in the order in which they were sent.
 */
export class Topics extends Actor<TopicsStart> {
  #subscriptions: Subscriptions | undefined;
  #writer: TopicsStart["writer"];

  override init({ subscriptions, writer }: TopicsStart): void {
    this.#subscriptions = subscriptions;
    this.#writer = writer;
  }

  /**
   * Sends an event to every client on a topic; answers how many there are. A `Uint8Array` is sent as bytes.
   *
   * Where durable sessions are on the topic the answer to a call comes when the store has it.
   */
  broadcast(topic: string, event: string, payload: object, options?: BroadcastOptions): number | Deferred<number> {
    if (typeof event !== "string" || event === "" || isReservedEvent(event)) {
      throw new BadArgumentError(
        `Expected the name of an event that is not the protocol's own (phx_…), got ${whatCame(event)}`,
      );
    }
    try {
      return this.#answer(topic, this.#subscriptions?.broadcast(topic, event, payload, options) ?? 0);
    } catch (thrown) {
      // Not a crash: all sessions of the endpoint would end with it, for what one client may have typed.
      const text = `Topics could not broadcast ${whatCame(event)} on ${whatCame(topic)}: ${formatReason(reasonOfThrown(thrown))}`;
      this.system.report({ type: "broadcast_failed", level: "error", text, details: { error: thrown } });
      const deferred = this.defer<number>();
      deferred.fail(reasonOfThrown(thrown));
      return deferred;
    }
  }

  /** How many clients are on a topic. */
  count(topic: string): number {
    return this.#subscriptions?.count(topic) ?? 0;
  }

  #answer(topic: string, count: number): number | Deferred<number> {
    if (this.#writer === undefined || this.#subscriptions?.find(topic)?.isKept !== true) return count;
    const deferred = this.defer<number>();
    // Nobody waits where it was cast.
    if (deferred.requested) this.#writer.whenSafe(() => deferred.reply(count));
    return deferred;
  }

  override formatStatus(): unknown {
    return {
      kind: "topics",
      topics: this.#subscriptions?.size ?? 0,
      loggedBytes: this.#subscriptions?.loggedBytes ?? 0,
    };
  }
}
