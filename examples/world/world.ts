import { Actor, type AnyRef, type Down } from "holdfast";
import { isRegistryMessage, type LocalRegistry, registryOf } from "holdfast/actors";
import { appear, newMap, snapshotOf, step, type Turn, type WorldMap } from "./map.js";
import type { Change, Player, Snapshot, Way } from "./wire.js";

/** The name of the registry of worlds and of who is in them. */
export const WORLDS = "worlds";

/** What a world is started with. */
export interface WorldStart {
  readonly name: string;
  /** Handed to each incarnation of the world, so that a crash does not lose it. */
  readonly memory: WorldMemory;
}

/** What a world was after the last turn that was done. */
export interface WorldMemory {
  map: WorldMap | undefined;
}

/** What a world sends the channels that are in it: an object of this class is a change, and nothing else is. */
export class ChangeMessage {
  readonly change: Change;

  constructor(change: Change) {
    this.change = change;
  }
}

const IDLE = "nobody has been here for a while";
const KEPT_EMPTY_MS = 60_000;

/**
 * One game world: it puts what players do in one order, and tells all who are here.
 *
 * It keeps no list of them. Each channel that is here has a resource in the registry, under the world's name, with the player's name as its
 * value: the registry sends to all of them, and tells the world when the last one is gone. A world that nobody has
 * been in for a minute ends.
 *
 * What survives its crash: the map after the last turn that was done, which comes with its start arguments. Channels are told by the registry
 * that the name has a new owner, and enter again.
 */
export class World extends Actor<WorldStart> {
  #name = "";
  #memory: WorldMemory = { map: undefined };

  override init({ name, memory }: WorldStart): void | { readonly ignore: true } {
    [this.#name, this.#memory] = [name, memory];
    const me = this.self();
    // There is one owner of a name: who comes second, after a restart that was faster, gives way.
    if (!this.#registry.register("name", worldKey(name), me).ok) return { ignore: true };
    this.#registry.register("resource_counter", hereKey(name), me, undefined, { onZero: me });
    memory.map ??= newMap(() => this.system.random.next());
    this.setLabel(name);
    this.sendAfter(KEPT_EMPTY_MS, IDLE);
  }

  /** A player is here with one more device. Answers with the whole world; `undefined` when it has no room for more players. */
  enter(channel: AnyRef, player: string): Snapshot | undefined {
    const turn = appear(this.#map, player, true);
    if (turn === undefined) return undefined;
    this.monitor(channel);
    this.#done(turn);
    return snapshotOf(this.#name, this.#map);
  }

  /** A player goes one step. Answers with where that is; `undefined` when there is no way. */
  go(player: string, way: Way): Player | undefined {
    const turn = step(this.#map, player, way, () => this.system.random.next());
    if (turn !== undefined) this.#done(turn);
    return turn?.change.player;
  }

  /** Does what a bug would do. */
  crash(player: string): void {
    throw new Error(`${player} made the world crash`);
  }

  override handleDown(_down: Down): void {
    // What a channel had in the registry is gone before anybody hears of its end.
    const here = this.#whoIsHere();
    for (const { name, here: was } of this.#map.players.values()) {
      const turn = was && !here.has(name) ? appear(this.#map, name, false) : undefined;
      if (turn !== undefined) this.#done(turn);
    }
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message === IDLE) {
      if (this.#whoIsHere().size === 0) this.stop();
    } else if (isRegistryMessage(message) && message.event === "resource_on_zero") {
      this.sendAfter(KEPT_EMPTY_MS, IDLE);
    } else return super.handleInfo(message);
  }

  override formatStatus(): unknown {
    const { turn, players } = this.#map;
    return { kind: "world", turn, players: players.size, here: this.#whoIsHere().size };
  }

  /** Keeps a turn, and tells all who are here of it. */
  #done({ map, change }: Turn): void {
    this.#memory.map = map;
    this.#registry.send("resource", hereKey(this.#name), new ChangeMessage(change));
  }

  #whoIsHere(): Set<unknown> {
    return new Set(this.#registry.lookup("resource", hereKey(this.#name)).map(({ value }) => value));
  }

  get #map(): WorldMap {
    const { map } = this.#memory;
    if (map === undefined) throw new TypeError("the world has not been started");
    return map;
  }

  get #registry(): LocalRegistry {
    return registryOf(this.system, WORLDS);
  }
}

/** The name under which a world is registered. */
export function worldKey(world: string): readonly [string, string] {
  return ["world", world];
}

/** The key of the resources that say who is in a world. */
export function hereKey(world: string): readonly [string, string] {
  return ["here", world];
}
