/** A place in a world: columns from the west, rows from the north, both from 0. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** One player of a world. */
export interface Player extends Place {
  readonly name: string;
  /** How many coins this player has picked up. */
  readonly coins: number;
  /** False when none of the player's devices is in the world. */
  readonly here: boolean;
}

/** The event `snapshot`: a whole world. */
export interface Snapshot {
  readonly world: string;
  /** Counts what has happened. */
  readonly turn: number;
  readonly width: number;
  readonly height: number;
  readonly coins: readonly Place[];
  readonly players: readonly Player[];
}

/** The event `changed`: what one turn has done. */
export interface Change {
  readonly turn: number;
  readonly player: Player;
  /** The coin that was picked up. */
  readonly taken?: Place;
  /** The coin that lies there instead. */
  readonly dropped?: Place;
}

/** The events that a player hears on the topic `world:<name>`. */
export const WorldEvent = { snapshot: "snapshot", changed: "changed", lost: "lost", full: "full" } as const;

/** Where one can go. */
export const WAYS = { north: [0, -1], east: [1, 0], south: [0, 1], west: [-1, 0] } as const;

/** A direction. */
export type Way = keyof typeof WAYS;

/** The topic of a world. */
export function topicOf(world: string): string {
  return `world:${world}`;
}

/** A name of a world or of a player, or `undefined` when it cannot be one: 1 to 20 of a-z, A-Z, 0-9 and `-`. */
export function readName(value: unknown): string | undefined {
  return typeof value === "string" && /^[a-z0-9-]{1,20}$/i.test(value) ? value : undefined;
}

/** A direction, if the value is one. */
export function readWay(value: unknown): Way | undefined {
  return typeof value === "string" && isWay(value) ? value : undefined;
}

function isWay(value: string): value is Way {
  return Object.hasOwn(WAYS, value);
}
