import type { ActorRef, ActorSystem } from "holdfast";
import { clusterOf } from "holdfast/cluster";
import { childTemplate, type DynamicSupervisor, startChild } from "holdfast/supervisors";
import { readNewest } from "./room-keeper.js";
import { RoomLog } from "./room-log.js";
import { Room } from "./room.js";
import { topicOf } from "./wire.js";

/** The name of the supervisor of rooms, on each core. */
export const ROOMS = "rooms";
/** Most rooms at a time, on each core. */
export const MOST_ROOMS = 100;

// Transient: a room that crashes comes back, one that ends because nobody is in it does not.
const template = childTemplate(Room, { restart: "transient" });

/**
 * The room of that name, on whichever core it is; started on this one if there is none. `undefined` when there are too many, or rooms are being
 * restarted.
 */
export async function findRoom(system: ActorSystem, name: string): Promise<ActorRef<Room> | undefined> {
  const { names } = clusterOf(system);
  const running = names.whereis<Room>(topicOf(name));
  if (running !== undefined) return running;
  const rooms = system.whereis<DynamicSupervisor>(ROOMS);
  if (rooms === undefined) return undefined;
  const log = new RoomLog(await readNewest(system, name));
  const started = await startChild(rooms, template, { name, log }, { name: topicOf(name) });
  if (started.ok) return started.ref;
  // Another channel was faster, here or on another core, or the supervisor has restarted the room meanwhile.
  return (await names.lookup<Room>(topicOf(name)))?.ref;
}
