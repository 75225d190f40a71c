import type { ChatMessage, Translation } from "./wire.js";

const KEPT = 50;

/** What a room's log is told of a message. */
export interface Said {
  readonly author: string;
  readonly text: string;
  readonly at: number;
  readonly translation?: Translation;
  /** The id of the push with which it was said. The same one comes again when the server was killed before it had kept the answer. */
  readonly push?: string;
}

/** A log as it is kept, and as it goes from one core to another. */
export interface KeptLog {
  readonly log: string;
  readonly last: number;
  readonly messages: readonly ChatMessage[];
}

/**
 * The last 50 messages of a room, numbered from 1.
 *
 * Pure data, apart from the room's actor: it is among the arguments the supervisor starts a room with, so it outlives a crash of the room.
 */
export class RoomLog {
  /** Tells this log from others of the same room: each counts from 1. */
  readonly id: string;
  #messages: readonly ChatMessage[];
  #last: number;

  /** A log that was kept, or an empty one. */
  constructor(kept?: KeptLog) {
    this.id = kept?.log ?? crypto.randomUUID();
    this.#last = kept?.last ?? 0;
    this.#messages = kept?.messages ?? [];
  }

  /** What is to be kept of it. */
  get kept(): KeptLog {
    return { log: this.id, last: this.#last, messages: this.#messages };
  }

  /** The number of the latest message; 0 before there is one. */
  get last(): number {
    return this.#last;
  }

  /** The kept messages, oldest first. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** The message that was said with a push; `undefined` if there is none, or not any more. */
  ofPush(push: string | undefined): ChatMessage | undefined {
    return push === undefined ? undefined : this.#messages.findLast((message) => message.push === push);
  }

  /** Numbers a message, keeps it, and drops the oldest one where 50 are kept already. */
  add(said: Said): ChatMessage {
    this.#last += 1;
    const message: ChatMessage = { log: this.id, number: this.#last, ...said };
    this.#messages = [...this.#messages.slice(1 - KEPT), message];
    return message;
  }
}
