import type { Change, Place, Player, Snapshot, Way } from "./wire.js";
import { WAYS } from "./wire.js";

/** How large a world is, and how much lies about in it. */
const WIDTH = 16;
const HEIGHT = 8;
const COINS = 6;
/** Most players that a world remembers. */
export const MOST_PLAYERS = 50;

/** All there is to know of a world: a value that is never changed, only followed by the next. */
export interface WorldMap {
  readonly turn: number;
  readonly coins: readonly Place[];
  readonly players: ReadonlyMap<string, Player>;
}

/** What a turn makes of a world. */
export interface Turn {
  readonly map: WorldMap;
  readonly change: Change;
}

/** A number from 0 to below 1. */
export type Dice = () => number;

/** A new world, with its coins lying about. */
export function newMap(dice: Dice): WorldMap {
  const coins: Place[] = [];
  while (coins.length < COINS) coins.push(freePlace(coins, dice));
  return { turn: 0, coins, players: new Map() };
}

/** A player comes, or goes: whoever has been here before stands where he stood, with what he had. `undefined` when the world is full. */
export function appear(map: WorldMap, name: string, here: boolean): Turn | undefined {
  const known = map.players.get(name);
  if (known === undefined && map.players.size >= MOST_PLAYERS) return undefined;
  const player = known ?? { name, x: Math.floor(WIDTH / 2), y: Math.floor(HEIGHT / 2), coins: 0, here };
  return follow(map, { ...player, here }, map.coins, {});
}

/** A player takes a step, and what lies there; `undefined` for a step out of the world. */
export function step(map: WorldMap, name: string, way: Way, dice: Dice): Turn | undefined {
  const player = map.players.get(name);
  if (player === undefined) return undefined;
  const [dx, dy] = WAYS[way];
  const to = { x: player.x + dx, y: player.y + dy };
  if (to.x < 0 || to.y < 0 || to.x >= WIDTH || to.y >= HEIGHT) return undefined;
  const taken = map.coins.find((coin) => isSame(coin, to));
  if (taken === undefined) return follow(map, { ...player, ...to }, map.coins, {});
  const left = map.coins.filter((coin) => coin !== taken);
  const dropped = freePlace(map.coins, dice);
  return follow(map, { ...player, ...to, coins: player.coins + 1 }, [...left, dropped], { taken, dropped });
}

/** A world as its players are told of it. */
export function snapshotOf(world: string, { turn, coins, players }: WorldMap): Snapshot {
  return { world, turn, width: WIDTH, height: HEIGHT, coins, players: [...players.values()] };
}

/** What a client knows after a change. */
export function withChange(snapshot: Snapshot, { turn, player, taken, dropped }: Change): Snapshot {
  const others = snapshot.players.filter(({ name }) => name !== player.name);
  const left = taken === undefined ? snapshot.coins : snapshot.coins.filter((coin) => !isSame(coin, taken));
  return {
    ...snapshot,
    turn,
    players: [...others, player],
    coins: dropped === undefined ? left : [...left, dropped],
  };
}

function follow(map: WorldMap, player: Player, coins: readonly Place[], more: Omit<Change, "turn" | "player">): Turn {
  const turn = map.turn + 1;
  const players = new Map(map.players).set(player.name, player);
  return { map: { turn, coins, players }, change: { turn, player, ...more } };
}

function freePlace(coins: readonly Place[], dice: Dice): Place {
  for (;;) {
    const place = { x: Math.floor(dice() * WIDTH), y: Math.floor(dice() * HEIGHT) };
    if (!coins.some((coin) => isSame(coin, place))) return place;
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.x === other.x && one.y === other.y;
}
