import type { Store } from "holdfast/store";
import type { KeptLog } from "./room-log.js";
import { type ChatMessage, readRoom } from "./wire.js";

/** Where a core keeps what was said, across restarts of the server. */
export interface RoomStore {
  /** What was said in a room before; `undefined` if nothing was, or if it cannot be read. */
  read(room: string): Promise<KeptLog | undefined>;
  /** Keeps what was said in a room by now. */
  keep(room: string, log: KeptLog): void;
}

/** Rooms whose past is kept; of more than these the one in which nothing was said for longest is forgotten. */
const MOST_KEPT = 200;
const INDEX = "lobby/rooms";

/** Keeps nothing: each run of the server begins anew. */
export const forgetfulRoomStore: RoomStore = {
  read: async () => undefined,
  keep: () => undefined,
};

/**
 * Keeps the logs of rooms in the store that also keeps sessions.
 *
 * A store makes its commits in order. So when the session of whoever said something tells its client that it was heard, which is a later commit,
 * the room's log has it as well. `failed` is told when something could not be kept.
 */
export async function openRoomStore(store: Store, failed: (error: unknown) => void): Promise<RoomStore> {
  const known = new Set(readList(parse(await store.readRecord(INDEX))).flatMap((name) => readRoom(name) ?? []));
  return {
    async read(room) {
      return readLog(parse(await store.readRecord(keyOf(room))));
    },
    keep(room, log) {
      const before = [...known];
      // Latest last.
      known.delete(room);
      known.add(room);
      const forgotten = [...known].slice(0, Math.max(0, known.size - MOST_KEPT));
      for (const name of forgotten) known.delete(name);
      const isNew = before.at(-1) !== room;
      store
        .commit([
          { type: "put_record", key: keyOf(room), value: bytesOf(log) },
          ...(isNew ? [{ type: "put_record", key: INDEX, value: bytesOf([...known]) } as const] : []),
          ...forgotten.map((name) => ({ type: "delete_record", key: keyOf(name) }) as const),
        ])
        .catch(failed);
    },
  };
}

function readLog(value: unknown): KeptLog | undefined {
  if (typeof value !== "object" || value === null || !("log" in value) || typeof value.log !== "string")
    return undefined;
  const last = "last" in value && typeof value.last === "number" ? value.last : 0;
  return { log: value.log, last, messages: readList("messages" in value ? value.messages : []).filter(isMessage) };
}

function isMessage(value: unknown): value is ChatMessage {
  if (typeof value !== "object" || value === null) return false;
  const { number, author, text, at }: Partial<Record<keyof ChatMessage, unknown>> = value;
  return typeof number === "number" && typeof author === "string" && typeof text === "string" && typeof at === "number";
}

function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parse(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function keyOf(room: string): string {
  return `lobby/room/${room}`;
}
