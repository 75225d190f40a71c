import { type ActorRef, CallError } from "holdfast";
import { type Answer, Channel, error, isRegistryMessage, type LocalRegistry, ok, registryOf } from "holdfast/actors";
import { readName, readWay, WorldEvent } from "./wire.js";
import { ChangeMessage, hereKey, type World, WORLDS, worldKey } from "./world.js";
import { findWorld, NoWorldError } from "./worlds.js";

const FIND = "find the world";
const FIND_AGAIN_MS = 500;

/**
 * One device of one player in one world: brings the player's steps to the world, and the world's changes to the player.
 *
 * Its resource in the registry says that the player is here. It belongs to the player's session, which keeps this channel while the socket is
 * lost: so a short drop takes nobody out of a world, and what happened meanwhile is told afterwards, in order, once. A subscription to the
 * world's name tells who owns it: when the world crashes the channel enters the next one, and its player gets a snapshot.
 */
export class WorldChannel extends Channel {
  #name = "";
  #player = "";
  #world: ActorRef<World> | undefined;

  override join(): Answer {
    const name = readName(this.topic.slice(this.topic.indexOf(":") + 1));
    const player = readName(this.user);
    if (name === undefined || player === undefined) {
      return error({ reason: "worlds and players are named with 1 to 20 of a-z, A-Z, 0-9 and -" });
    }
    [this.#name, this.#player] = [name, player];
    this.#registry.register("resource", hereKey(name), this.self(), player);
    // The first status comes at once: that there is the world, or that there is none.
    this.#registry.subscribe(worldKey(name), this.self());
    return ok();
  }

  override async handleIn(event: string, payload: unknown): Promise<Answer> {
    if (event === "crash") {
      this.#world?.cast.crash(this.#player);
      return ok();
    }
    const way = typeof payload === "object" && payload !== null && "way" in payload ? readWay(payload.way) : undefined;
    if (event !== "go" || way === undefined) return error({ reason: "expected go with north, east, south or west" });
    if (this.#world === undefined) return error({ reason: "the world is being restarted" });
    try {
      const player = await this.#world.call.go(this.#player, way);
      return player === undefined ? error({ reason: "there is no way" }) : ok({ player });
    } catch (failure) {
      // Nobody knows whether the step was done. The snapshot of the next world says where the player is.
      if (failure instanceof CallError) return error({ reason: "the world crashed" });
      throw failure;
    }
  }

  override async handleInfo(message: unknown): Promise<void> {
    if (message instanceof ChangeMessage) this.push(WorldEvent.changed, message.change);
    else if (message === FIND) await this.#find();
    else if (!isRegistryMessage(message) || message.event !== "status") await super.handleInfo(message);
    else if (message.owner !== undefined) await this.#enter();
    else if (this.#world === undefined) await this.#find();
    else this.#lost();
  }

  async #enter(): Promise<void> {
    const world = this.#registry.whereis<World>(worldKey(this.#name));
    if (world === undefined || world === this.#world) return;
    try {
      const snapshot = await world.call.enter(this.self(), this.#player);
      if (snapshot === undefined) {
        this.push(WorldEvent.full, {});
        this.stop();
        return;
      }
      this.#world = world;
      this.push(WorldEvent.snapshot, snapshot);
    } catch (failure) {
      if (!(failure instanceof CallError)) throw failure;
      // It ended before it answered: the registry tells of the next one, unless it waits for somebody to ask.
      this.sendAfter(FIND_AGAIN_MS, FIND);
    }
  }

  /** Its supervisor starts it again, most likely, and the registry tells. */
  #lost(): void {
    this.#world = undefined;
    this.push(WorldEvent.lost, {});
    this.sendAfter(FIND_AGAIN_MS, FIND);
  }

  async #find(): Promise<void> {
    try {
      await findWorld(this.system, this.#name);
      await this.#enter();
    } catch (failure) {
      if (!(failure instanceof NoWorldError)) throw failure;
      this.sendAfter(FIND_AGAIN_MS, FIND);
    }
  }

  get #registry(): LocalRegistry {
    return registryOf(this.system, WORLDS);
  }
}
