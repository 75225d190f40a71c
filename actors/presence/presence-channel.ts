import { CallError, messages, type reservedNames, startup } from "../../src/index.js";
import { Channel, type ChannelStart } from "../channel/channel.js";
import type { SessionState } from "../channel/channel-messages.js";
import type { Gap } from "../channel/overflow.js";
import { ChannelPresence } from "./channel-presence.js";
import { DEFAULT_PRESENCE } from "./presence-options.js";

/**
 * A channel whose client is told who is present on the topic, and may be present itself.
 *
 * The client gets `presence_state` after its join, and again when it has missed diffs; from then on `presence_diff`. What is tracked through
 * {@link PresenceChannel.presence} is `detached` when the client has been gone for some seconds, `online` when it is back, and ends with the
 * channel. It takes a {@link Presence} that runs, started before the endpoint.
 *
 * ```ts
 * class Room extends PresenceChannel {
 *   override join() {
 *     this.presence.track(this.user ?? "guest", { device: "phone" });
 *   }
 * }
 * ```
 */
export abstract class PresenceChannel extends Channel {
  static override readonly [messages]: readonly string[] = [...Channel[messages], "presenceDue"];
  declare readonly [reservedNames]?: "join" | "handleIn" | "handleGap" | "handleSession";
  /** The name of the presence; `"presence"` by default. */
  static readonly presenceName: string = DEFAULT_PRESENCE;
  #presence: ChannelPresence | undefined;

  /** Who is present on this channel's topic, and the channel's own presence there. */
  protected get presence(): ChannelPresence {
    this.#presence ??= new ChannelPresence(this.system, presenceNameOf(this), this.topic, this.self());
    return this.#presence;
  }

  /** Makes up for other broadcasts that the client will not get; by default nothing. It gets who is present in any case. */
  // Here so that the session asks: it does not where a class has none of its own.
  override handleGap(_gap: Gap): void | Promise<void> {}

  /** Sends the client who is present on the topic, as `presence_state`. Done after a join, and after a gap. */
  protected pushPresence(): void {
    this.presence.pushState((event, payload) => this.push(event, payload));
  }

  /** @internal */
  async presenceDue(joinedLater: boolean): Promise<void> {
    // Its session takes an async join in a turn of its own; once it answers it has, and no diff is missed.
    if (!joinedLater || (await this.#sessionAnswers())) this.pushPresence();
  }

  /** @internal */
  override sessionIs(state: SessionState): void | Promise<void> {
    this.presence.setSession(state);
    return super.sessionIs(state);
  }

  /** @internal */
  override rejoined(): void {
    this.pushPresence();
  }

  /** @internal */
  override gap(gap: Gap): void | Promise<void> {
    this.pushPresence();
    return super.gap(gap);
  }

  override [startup](start: ChannelStart): unknown {
    const outcome = super[startup](start);
    if (outcome instanceof Promise) return this.#joinedLater(start, outcome);
    this.#joined(start, false);
    return outcome;
  }

  async #sessionAnswers(): Promise<boolean> {
    try {
      await this.session.callWithin(Number.POSITIVE_INFINITY).summary();
      return true;
    } catch (failure) {
      // It has ended, and this channel ends with it.
      if (failure instanceof CallError) return false;
      throw failure;
    }
  }

  async #joinedLater(start: ChannelStart, joining: Promise<unknown>): Promise<unknown> {
    const outcome = await joining;
    this.#joined(start, true);
    return outcome;
  }

  #joined(start: ChannelStart, later: boolean): void {
    // Without an answer it was refused, and ends.
    if (start.answer !== undefined) this.self<PresenceChannel>().cast.presenceDue(later);
  }
}

/** What the type of `constructor` does not show. */
function presenceNameOf(channel: PresenceChannel): string {
  const { presenceName }: { readonly name: string; readonly presenceName?: string } = channel.constructor;
  return presenceName ?? DEFAULT_PRESENCE;
}
