import { type AnyRef, BadArgumentError, type Clock, type ClockTimer, whatCame } from "../../src/index.js";
import { ConflatingQueue } from "./conflating-queue.js";
import type { Publication } from "./publication.js";
import type { TopicMessage } from "./topic-message.js";

/** How a subscriber gets its messages. */
export interface Delivering {
  /** The method of the actor that gets them; `handleInfo` without one. */
  readonly method?: string | undefined;
  /** Not more often than that; see {@link ConflatingQueue}. */
  readonly conflateMs?: number | undefined;
}

/** What is held back for a subscriber that wants no more than it can use, and until when. */
class Conflation {
  readonly everyMs: number;
  readonly queue = new ConflatingQueue<Publication>();
  timer: ClockTimer | undefined = undefined;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }
}

/** Most messages that are held back for one subscriber; then they are sent before their time. */
const MOST_HELD = 1_000;

type Take = (this: unknown, message: TopicMessage) => void;

/** One subscription of an actor. */
export class Subscriber {
  readonly actor: AnyRef;
  /** Messages up to this one were published before it was there. */
  readonly since: number;
  readonly #clock: Clock;
  #take: Take | undefined = undefined;
  #conflation: Conflation | undefined = undefined;

  constructor(actor: AnyRef, since: number, clock: Clock) {
    this.actor = actor;
    this.since = since;
    this.#clock = clock;
  }

  /** Says how it wants its messages from now on. @throws {BadArgumentError} when the actor has no such method; then nothing is changed */
  change({ method, conflateMs }: Delivering): void {
    const take = method === undefined ? undefined : messageOf(this.actor, method);
    if (conflateMs !== this.#conflation?.everyMs) {
      this.stop();
      if (this.#conflation !== undefined) this.#sendHeld(this.#conflation);
      this.#conflation = conflateMs === undefined ? undefined : new Conflation(conflateMs);
    }
    this.#take = take;
  }

  /** Whether of several messages with the same key only the latest is wanted. */
  get conflates(): boolean {
    return this.#conflation !== undefined;
  }

  /** Sends a message, at once or, where messages come faster than they are wanted, a little later. */
  deliver(publication: Publication): void {
    const conflation = this.#conflation;
    if (conflation === undefined) return this.send(publication.message);
    if (conflation.timer === undefined) {
      this.send(publication.message);
      this.#wait(conflation);
      return;
    }
    conflation.queue.add(publication, publication.key);
    if (conflation.queue.length >= MOST_HELD) this.#sendHeld(conflation);
  }

  send(message: TopicMessage): void {
    if (this.#take === undefined) this.actor.send(message);
    else this.#take.call(this.actor.cast, message);
  }

  /** Sends nothing any more. */
  stop(): void {
    const conflation = this.#conflation;
    if (conflation?.timer === undefined) return;
    this.#clock.clearTimer(conflation.timer);
    conflation.timer = undefined;
  }

  #wait(conflation: Conflation): void {
    conflation.timer = this.#clock.setTimer(conflation.everyMs, () => {
      conflation.timer = undefined;
      if (conflation.queue.length === 0) return;
      this.#sendHeld(conflation);
      this.#wait(conflation);
    });
  }

  #sendHeld({ queue }: Conflation): void {
    for (const publication of queue.takeAll()) this.send(publication.message);
  }
}

/** The function that sends a message of an actor, the same for all actors of its class. */
function messageOf(actor: AnyRef, method: string): Take {
  const cast: unknown = actor.cast;
  const messages: unknown = typeof cast === "object" && cast !== null ? Object.getPrototypeOf(cast) : undefined;
  if (typeof messages === "object" && messages !== null && Object.keys(messages).includes(method)) {
    const take: unknown = Reflect.get(messages, method);
    if (isTake(take)) return take;
  }
  throw new BadArgumentError(
    `Expected as method the name of a message of ${actor.toString()}, got ${whatCame(method)}`,
  );
}

function isTake(value: unknown): value is Take {
  return typeof value === "function";
}
