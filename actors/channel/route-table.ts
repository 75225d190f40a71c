import { BadArgumentError, whatCame } from "../../src/index.js";
import { Channel, type ChannelClass } from "./channel.js";
import { checksOf } from "./channel-schemas.js";
import { checkOverflow, type Overflow } from "./overflow.js";

interface Route {
  /** The pattern up to its `*`. */
  readonly prefix: string;
  readonly channel: ChannelClass;
}

/**
 * Which channel class serves which topic: exact names, or patterns that end in `*`, as in Phoenix.
 *
 * An exact name wins, then the longest pattern.
 */
export class RouteTable {
  readonly #exact = new Map<string, ChannelClass>();
  readonly #patterns: Route[] = [];

  /** @throws {BadArgumentError} for an empty pattern, a `*` that is not at the end, something that is no class, or a class whose `schemas` are none */
  constructor(routes: Readonly<Record<string, ChannelClass>>) {
    for (const [pattern, channel] of Object.entries(routes)) {
      const star = pattern.indexOf("*");
      if (pattern === "" || (star >= 0 && star !== pattern.length - 1)) {
        throw new BadArgumentError(
          `Expected a topic, or a pattern with one * at its end such as "room:*"; got ${whatCame(pattern)}`,
        );
      }
      if (pattern === "phoenix")
        throw new BadArgumentError('The topic "phoenix" belongs to the protocol and cannot be served');
      if (typeof channel !== "function") {
        throw new BadArgumentError(
          `Expected the channel of ${whatCame(pattern)} to be a class that extends Channel, got ${whatCame(channel)}`,
        );
      }
      checksOf(channel);
      checkOverflow(`${channel.name}.overflow`, channel.overflow ?? "cursor");
      if (star < 0) this.#exact.set(pattern, channel);
      else this.#patterns.push({ prefix: pattern.slice(0, -1), channel });
    }
    this.#patterns.sort((one, other) => other.prefix.length - one.prefix.length);
  }

  /** What becomes of a topic's broadcasts that a client cannot take at once: as the answer to its join said, else as the class says. */
  overflowOf({ topic, overflow }: { readonly topic: string; readonly overflow?: Overflow | undefined }): Overflow {
    return overflow ?? this.find(topic)?.overflow ?? "cursor";
  }

  /** Whether the class that serves a topic has a `handleGap` of its own. */
  answersGaps(topic: string): boolean {
    return this.find(topic)?.prototype.handleGap !== Channel.prototype.handleGap;
  }

  /** The class that serves a topic, or `undefined`. */
  find(topic: string): ChannelClass | undefined {
    const exact = this.#exact.get(topic);
    if (exact !== undefined) return exact;
    for (const route of this.#patterns) if (topic.startsWith(route.prefix)) return route.channel;
    return undefined;
  }
}
