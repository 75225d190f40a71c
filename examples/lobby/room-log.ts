import type { ChatMessage, Translation } from "./wire.js";

const KEPT = 50;

/** What a room's log is told of a message. */
export interface Said {
  readonly author: string;
  readonly text: string;
  readonly at: number;
  readonly translation?: Translation;
}

/**
 * The last 50 messages of a room, numbered from 1.
 *
 * Pure data, apart from the room's actor: it is among the arguments the supervisor starts a room with, so it outlives a crash of the room.
 */
export class RoomLog {
  /** Tells the logs of two runs of the server apart: each counts from 1. */
  readonly id: string;
  #messages: ChatMessage[] = [];
  #last = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** The kept messages, oldest first. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Numbers a message, keeps it, and drops the oldest one where 50 are kept already. */
  add(said: Said): ChatMessage {
    this.#last += 1;
    const message: ChatMessage = { log: this.id, number: this.#last, ...said };
    this.#messages = [...this.#messages.slice(1 - KEPT), message];
    return message;
  }
}
