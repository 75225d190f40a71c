import { Actor, type ActorClass } from "../kernel/actor.js";
import { CodecError } from "./codec/codec-error.js";

/** How many messages a class may have that another node describes. */
const MOST_MESSAGES = 1_000;
const LONGEST_NAME = 200;
/** How many classes of other nodes are kept; they are as many as the application has, times the releases that run side by side. */
const MOST_CLASSES = 10_000;

/** What one node tells another of a class, once: its name, and the names of its messages in the order of their numbers. */
export interface ClassDescription {
  readonly name: string;
  readonly messages: readonly string[];
}

/** The class of the stand-ins for actors of one class of other nodes. */
export interface RemoteClass {
  readonly description: ClassDescription;
  /** No actor of it ever runs: from it the kernel makes the views by which a ref is called, with exactly the messages of the other node's class. */
  readonly actorClass: ActorClass<Actor<unknown>>;
  /** The numbers of its messages. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** Makes the classes of stand-ins, one for each description: two nodes that run the same code share theirs. */
export class RemoteClasses {
  readonly #byDescription = new Map<string, RemoteClass>();

  /** The class for a description. @throws {CodecError} for one that no honest node sends */
  classOf(description: ClassDescription): RemoteClass {
    const key = JSON.stringify([description.name, ...description.messages]);
    let remoteClass = this.#byDescription.get(key);
    if (remoteClass === undefined) {
      if (this.#byDescription.size >= MOST_CLASSES)
        throw new CodecError("bad_frame", `Expected at most ${MOST_CLASSES} classes of other nodes, got one more`);
      const numbers = new Map(description.messages.map((message, number) => [message, number]));
      remoteClass = { description, actorClass: makeClass(description), numbers };
      this.#byDescription.set(key, remoteClass);
    }
    return remoteClass;
  }
}

function makeClass({ name, messages }: ClassDescription): ActorClass<Actor<unknown>> {
  checkNames(name, messages);
  class Remote extends Actor<unknown> {}
  Object.defineProperty(Remote, "name", { value: name });
  for (const message of messages) {
    Object.defineProperty(Remote.prototype, message, { value: neverRuns, configurable: false, writable: false });
  }
  return Remote;
}

function neverRuns(): never {
  throw new TypeError("A stand-in has no handlers: its messages go to the actor that it stands for");
}

function checkNames(name: string, messages: readonly string[]): void {
  if (messages.length > MOST_MESSAGES)
    throw new CodecError("bad_frame", `Expected at most ${MOST_MESSAGES} messages of a class, got ${messages.length}`);
  const known = new Set(messages);
  const isBad = (text: string): boolean => text === "" || text.length > LONGEST_NAME;
  const reserved = messages.find((message) => isBad(message) || message in Actor.prototype);
  if (isBad(name) || reserved !== undefined || known.size !== messages.length) {
    throw new CodecError(
      "bad_frame",
      `Expected a class with messages of its own, got ${JSON.stringify(reserved ?? name)}`,
    );
  }
}
