import { Actor, type ActorSystem } from "holdfast";
import { clusterOf } from "holdfast/cluster";
import type { KeptLog } from "./room-log.js";
import type { RoomStore } from "./room-store.js";

const KEEPERS = "room-keepers";
/** How long another core is waited for: one that is stuck must not stop the talk for longer. */
const PATIENCE_MS = 1_000;

/**
 * Keeps on its core what is said in all rooms, wherever they are: so a room goes on with its past on another core when its own has died.
 *
 * A store makes its commits in order. So when the session of whoever said something tells its client that it was heard, which is a later commit
 * on its core, the room's log is there as well.
 */
export class RoomKeeper extends Actor<RoomStore> {
  #store: RoomStore | undefined;

  override init(store: RoomStore): void {
    this.#store = store;
    clusterOf(this.system).groups.join(KEEPERS, this.self());
  }

  /** What was said in a room, as far as it was kept here. */
  async read(room: string): Promise<KeptLog | undefined> {
    return this.#store?.read(room);
  }

  /** Keeps what was said in a room by now. */
  keep(room: string, log: KeptLog): void {
    this.#store?.keep(room, log);
  }
}

/** Resolves when every core has a room's log; one that ends meanwhile is not waited for. */
export async function keepEverywhere(system: ActorSystem, room: string, log: KeptLog): Promise<void> {
  await Promise.allSettled(keepersOf(system).map((keeper) => keeper.callWithin(PATIENCE_MS).keep(room, log)));
}

/** The newest log of a room that any core has; `undefined` when none has any. */
export async function readNewest(system: ActorSystem, room: string): Promise<KeptLog | undefined> {
  const read = await Promise.allSettled(keepersOf(system).map((keeper) => keeper.callWithin(PATIENCE_MS).read(room)));
  const logs = read.flatMap((one) => (one.status === "fulfilled" && one.value !== undefined ? [one.value] : []));
  return logs.reduce<KeptLog | undefined>(
    (newest, log) => (newest === undefined || saidLast(log) > saidLast(newest) ? log : newest),
    undefined,
  );
}

function saidLast({ messages }: KeptLog): number {
  return messages.at(-1)?.at ?? 0;
}

function keepersOf(system: ActorSystem) {
  return clusterOf(system).groups.members<RoomKeeper>(KEEPERS);
}
