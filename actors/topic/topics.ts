import { Actor, BadArgumentError, whatCame } from "../../src/index.js";
import { isReservedEvent } from "../../src/protocol/names.js";
import type { Subscriptions } from "./subscriptions.js";

/**
 * The way for any actor, or the program, to send an event to all clients on a topic of an endpoint.
 *
 * Registered as `<endpoint>.topics`: `system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", {…})`. Broadcasts by one
 * sender arrive in the order in which they were sent.
 */
export class Topics extends Actor<Subscriptions> {
  #subscriptions: Subscriptions | undefined;

  override init(subscriptions: Subscriptions): void {
    this.#subscriptions = subscriptions;
  }

  /** Sends an event to every client on a topic; answers how many there are. */
  broadcast(topic: string, event: string, payload: object): number {
    if (typeof event !== "string" || event === "" || isReservedEvent(event)) {
      throw new BadArgumentError(
        `Expected the name of an event that is not the protocol's own (phx_…), got ${whatCame(event)}`,
      );
    }
    return this.#subscriptions?.broadcast(topic, event, payload) ?? 0;
  }

  /** How many clients are on a topic. */
  count(topic: string): number {
    return this.#subscriptions?.count(topic) ?? 0;
  }

  override formatStatus(): unknown {
    return { kind: "topics", topics: this.#subscriptions?.size ?? 0 };
  }
}
