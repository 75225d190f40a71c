import type { ActorRef, ActorSystem } from "holdfast";
import { childTemplate, type DynamicSupervisor, startChild } from "holdfast/supervisors";
import type { RoomStore } from "./room-store.js";
import { Room } from "./room.js";
import { topicOf } from "./wire.js";

/** The name of the supervisor of rooms. */
export const ROOMS = "rooms";
/** Most rooms at a time. */
export const MOST_ROOMS = 100;

// Transient: a room that crashes comes back, one that ends because nobody is in it does not.
const template = childTemplate(Room, { restart: "transient" });

/** The room of that name, started if there is none; `undefined` when there are too many, or rooms are being restarted. */
export async function findRoom(
  system: ActorSystem,
  store: RoomStore,
  name: string,
): Promise<ActorRef<Room> | undefined> {
  const running = system.whereis<Room>(topicOf(name));
  if (running !== undefined) return running;
  const rooms = system.whereis<DynamicSupervisor>(ROOMS);
  if (rooms === undefined) return undefined;
  const log = await store.read(name);
  const started = await startChild(rooms, template, { name, log, store }, { name: topicOf(name) });
  if (started.ok) return started.ref;
  // Another channel was faster, or the supervisor has restarted the room meanwhile.
  return started.reason === "already_started" ? system.whereis<Room>(topicOf(name)) : undefined;
}
