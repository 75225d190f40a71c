import type { ActorRef, Down } from "holdfast";
import { CallError } from "holdfast";
import { type Answer, Channel, error, LeaseError, type LeaseManager, ok, withLease } from "holdfast/actors";
import type { Room } from "./room.js";
import { findRoom } from "./rooms.js";
import { LONGEST_WAIT_MS, TRANSLATORS, type Translator } from "./translators.js";
import { LONGEST_TEXT, readRoom, readSay, RoomEvent, type Translation } from "./wire.js";

const ENTER = "enter the room";
const ENTER_AGAIN_MS = 500;

/**
 * One tab in one room: brings what the person says to the room, and the room's past to the tab.
 *
 * The room itself speaks to all tabs by a broadcast. The tab's session keeps this channel while the tab's socket is lost. When the room
 * crashes the channel hears of it and enters the next one; when the channel crashes the client joins again by itself; when the server
 * was killed the tab's session comes back with a new one, which joins the room once more.
 */
export class RoomChannel extends Channel {
  #entered: ActorRef<Room> | undefined;

  override join(): Answer {
    if (this.#name === undefined) return error({ reason: "a room is named with a-z, 0-9 and -, up to 24 of them" });
    // Not now but after the join: broadcasts come from then on, so nothing can be said between them and the history.
    this.self().send(ENTER);
    return ok();
  }

  override async handleIn(event: string, payload: unknown): Promise<Answer> {
    const say = event === "say" ? readSay(payload) : undefined;
    if (say === undefined) return error({ reason: `expected say with a text of 1 to ${LONGEST_TEXT} characters` });
    if (say.text === "/crash") return this.#crashRoom();
    // In the synchronous part of the handler, so that the lease manager knows whose lease it is.
    return say.translate ? this.#sayTranslated(say.text) : this.#say(say.text);
  }

  override async handleInfo(message: unknown): Promise<void> {
    if (message !== ENTER) return super.handleInfo(message);
    const room = await this.#room();
    if (room === this.#entered) return;
    const history = await room?.call.enter(this.self(), this.#person).catch(ifItEnded);
    if (room === undefined || history === undefined) {
      this.push(RoomEvent.notice, { text: "The room cannot be entered at the moment; trying again." });
      this.sendAfter(ENTER_AGAIN_MS, ENTER);
      return;
    }
    this.#entered = room;
    this.monitor(room);
    this.push(RoomEvent.history, history);
  }

  override async handleDown(down: Down): Promise<void> {
    if (down.ref !== this.#entered) return;
    this.#entered = undefined;
    this.push(RoomEvent.notice, { text: "The room crashed. Its supervisor has started it again." });
    await this.handleInfo(ENTER);
  }

  #say(text: string, translation?: Translation): Promise<Answer> {
    return this.#tell(translation === undefined ? { text } : { text, translation });
  }

  async #sayTranslated(text: string): Promise<Answer> {
    const { system } = this;
    const manager = system.whereis<LeaseManager<string>>(TRANSLATORS);
    if (manager === undefined) return error({ reason: "the translators are being restarted" });
    try {
      const translation = await withLease(manager, {}, ({ resource }) =>
        system.whereis<Translator>(resource)?.callWithin(LONGEST_WAIT_MS).translate(text),
      );
      if (translation === undefined) return error({ reason: "the translator is being restarted" });
      return await this.#say(text, translation);
    } catch (failure) {
      if (failure instanceof LeaseError) return error({ reason: "all translators are busy" });
      if (failure instanceof CallError) return error({ reason: "the translator crashed" });
      throw failure;
    }
  }

  async #tell(said: { readonly text: string; readonly translation?: Translation }): Promise<Answer> {
    // Async translations come one at a time, so this is still the push that is being handled.
    const push = this.pushId === undefined ? {} : { push: this.pushId };
    const what = { author: this.#person, ...push, ...said };
    const say = async () => (await this.#room())?.call.say(what).catch(ifItEnded);
    // Once more when the room's core has died: the next room knows whether it was said.
    const message = (await say()) ?? (await say());
    return message === undefined ? error({ reason: "the room is being restarted" }) : ok({ number: message.number });
  }

  async #crashRoom(): Promise<Answer> {
    const room = await this.#room();
    room?.cast.crash(this.#person);
    return ok();
  }

  async #room(): Promise<ActorRef<Room> | undefined> {
    return this.#name === undefined ? undefined : findRoom(this.system, this.#name);
  }

  get #name(): string | undefined {
    return readRoom(this.topic.slice(this.topic.indexOf(":") + 1));
  }

  get #person(): string {
    return this.user ?? "somebody";
  }
}

/** A room that ended before it answered is no reason to crash as well: the next one is there soon. */
function ifItEnded(failure: unknown): undefined {
  if (failure instanceof CallError) return undefined;
  throw failure;
}
