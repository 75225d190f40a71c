/** One message of a room, as every client sees it. */
export interface ChatMessage {
  /** Which log it belongs to: another one when the room has begun anew. */
  readonly log: string;
  /** Its place in the log, from 1. */
  readonly number: number;
  readonly author: string;
  readonly text: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  /** Present if it was translated. */
  readonly translation?: Translation;
  /** The id of the push with which it was said. */
  readonly push?: string;
}

/** What a translator made of a message. */
export interface Translation {
  readonly text: string;
  readonly by: string;
  readonly tookMs: number;
}

/** The event `history`: what a client gets when its channel has found its room. */
export interface History {
  readonly log: string;
  readonly messages: readonly ChatMessage[];
}

/** The event `present`: who is in a room. */
export interface Present {
  readonly people: readonly Person[];
  /** How many there are; `people` holds the first 100. */
  readonly count: number;
}

/** One person in a room, with one tab or many. */
export interface Person {
  readonly name: string;
  readonly tabs: number;
}

/** The events that a client hears on the topic `room:<name>`. */
export const RoomEvent = {
  said: "said",
  history: "history",
  present: "present",
  notice: "notice",
} as const;

/** The longest message, in characters. */
export const LONGEST_TEXT = 1_000;
/** The longest name of a person, in characters. */
export const LONGEST_NAME = 24;
/** The longest name of a room, in characters. */
export const LONGEST_ROOM = 24;

/** The topic of a room. */
export function topicOf(room: string): string {
  return `room:${room}`;
}

/** A person's name as it is shown, or `undefined` when it cannot be one: 1 to 24 characters without control characters. */
export function readName(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const name = value.trim().replace(/\s+/g, " ");
  return name.length >= 1 && name.length <= LONGEST_NAME && !/\p{C}/u.test(name) ? name : undefined;
}

/** A room's name, or `undefined` when it cannot be one: 1 to 24 of a-z, 0-9 and `-`. */
export function readRoom(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const name = value.trim().toLowerCase();
  return name.length <= LONGEST_ROOM && /^[a-z0-9-]+$/.test(name) ? name : undefined;
}

/** What a client says: text, and whether it shall be translated; `undefined` when it is nothing that can be said. */
export function readSay(payload: unknown): { readonly text: string; readonly translate: boolean } | undefined {
  if (typeof payload !== "object" || payload === null || !("text" in payload)) return undefined;
  const { text } = payload;
  if (typeof text !== "string" || text.trim() === "" || text.length > LONGEST_TEXT) return undefined;
  return { text: text.trim(), translate: "translate" in payload && payload.translate === true };
}
