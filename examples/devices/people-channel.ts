import { type Answer, error, type LocalRouter, ok, PresenceChannel, routerOf } from "holdfast/actors";
import { type Note, readText } from "./wire.js";

/** How many devices a person may have here; a further one takes the place of the one that has been there longest. */
export const MOST_DEVICES = 3;

/** What one channel sends others: an object of this class is a note, and nothing else is. */
class NoteMessage {
  readonly note: Note;

  constructor(note: Note) {
    this.note = note;
  }
}

/**
 * One device of one person.
 *
 * The router knows it under the person's name, so that whoever writes to the person reaches all devices. The presence shows it to everybody:
 * online, detached while its connection is lost, and gone when its session has ended. Neither needs to be told of an end.
 */
export class PeopleChannel extends PresenceChannel {
  #person = "";
  #device = "";

  override join(params: unknown): Answer {
    const device = readText(params, "device");
    if (this.user === undefined || device === undefined) return error({ reason: "expected a name and a device" });
    [this.#person, this.#device] = [this.user, device];
    const login = this.#router.login(this.#person, this.self());
    const tracked = this.presence.track(this.#person, { device });
    return login.ok && tracked.ok ? ok() : error({ reason: "there is no room for more" });
  }

  override handleIn(event: string, payload: unknown): Answer {
    const [to, text] = [readText(payload, "to"), readText(payload, "text")];
    if (event !== "tell" || to === undefined || text === undefined)
      return error({ reason: "expected tell with to and text" });
    const note = new NoteMessage({ from: this.#person, device: this.#device, text });
    // To oneself means: to the other devices.
    const devices = this.#router.send(to, note, { except: this.self() });
    return devices > 0 ? ok({ devices }) : error({ reason: `nobody is there as ${to}` });
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message instanceof NoteMessage) return this.push("told", message.note);
    if (readText(message, "event") !== "replaced") return super.handleInfo(message);
    this.push("replaced", { most: MOST_DEVICES });
    this.stop();
  }

  get #router(): LocalRouter {
    return routerOf(this.system);
  }
}
