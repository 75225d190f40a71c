import { Actor, type AnyRef, type Down } from "holdfast";
import type { Topics } from "holdfast/actors";
import { clusterOf } from "holdfast/cluster";
import { keepEverywhere } from "./room-keeper.js";
import type { RoomLog, Said } from "./room-log.js";
import { type ChatMessage, type History, type Person, type Present, RoomEvent, topicOf } from "./wire.js";

/** What a room is started with. */
export interface RoomStart {
  readonly name: string;
  /** Handed to each incarnation of the room, so that a crash does not lose it. */
  readonly log: RoomLog;
}

const MOST_SHOWN = 100;
const TELL = "tell who is present";
const TELL_DELAY_MS = 30;
const EMPTY = "nobody is here any more";
const KEPT_EMPTY_MS = 10 * 60_000;

/**
 * One room of the chat: it puts messages in one order for all, keeps the last of them, and knows who is here.
 *
 * There is one of its name, also on several cores: people of all of them are in the same room. What survives its crash: the log, which comes with
 * its start arguments, and is kept across restarts of the server where there is a store. Who is here it learns anew, because each channel watches
 * its room and enters the next incarnation. A room that nobody has been in for ten minutes ends.
 */
export class Room extends Actor<RoomStart> {
  #start: RoomStart | undefined;
  readonly #members = new Map<AnyRef, string>();
  #telling = false;

  override async init(start: RoomStart) {
    const outcome = await clusterOf(this.system).names.register(topicOf(start.name), this.self());
    // Another core was faster.
    if (!outcome.ok) return { ignore: true } as const;
    this.#start = start;
    this.sendAfter(KEPT_EMPTY_MS, EMPTY);
    return undefined;
  }

  /** A channel is here, for as long as it lives. Answers with what was said before. */
  enter(channel: AnyRef, person: string): History {
    if (!this.#members.has(channel)) this.monitor(channel);
    this.#members.set(channel, person);
    this.#tellSoon();
    const { log } = this.#here;
    return { log: log.id, messages: log.messages };
  }

  /**
   * Someone says something: all who are here get it, in the order in which the room heard it.
   *
   * What comes twice, because the server or the room's core was killed before it could answer, is said once: all are told of the same message again.
   */
  async say(said: Omit<Said, "at">): Promise<ChatMessage> {
    const { name, log } = this.#here;
    let message = log.ofPush(said.push);
    if (message === undefined) {
      message = log.add({ ...said, at: this.system.clock.wallTime() });
      await keepEverywhere(this.system, name, log.kept);
    }
    this.#tell(RoomEvent.said, message);
    return message;
  }

  /** Does what a bug would do. */
  crash(person: string): void {
    throw new Error(`${person} wrote /crash`);
  }

  override handleDown(down: Down): void {
    if (down.ref !== undefined) this.#members.delete(down.ref);
    this.#tellSoon();
    if (this.#members.size === 0) this.sendAfter(KEPT_EMPTY_MS, EMPTY);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message === TELL) {
      this.#telling = false;
      this.#tell(RoomEvent.present, this.#present());
    } else if (message === EMPTY) {
      if (this.#members.size === 0) this.stop();
    } else return super.handleInfo(message);
  }

  override formatStatus(): unknown {
    return { kind: "room", members: this.#members.size, kept: this.#start?.log.messages.length };
  }

  /** When many come at once they are told of once. */
  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.sendAfter(TELL_DELAY_MS, TELL);
  }

  #tell(event: string, payload: object): void {
    this.system.whereis<Topics>("endpoint.topics")?.cast.broadcast(topicOf(this.#here.name), event, payload);
  }

  #present(): Present {
    const tabs = new Map<string, number>();
    for (const person of this.#members.values()) tabs.set(person, (tabs.get(person) ?? 0) + 1);
    const people: Person[] = Array.from(tabs, ([name, count]) => ({ name, tabs: count }));
    return { people: people.slice(0, MOST_SHOWN), count: people.length };
  }

  get #here(): RoomStart {
    if (this.#start === undefined) throw new TypeError("the room has not been started");
    return this.#start;
  }
}
