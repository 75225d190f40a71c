import type { Snapshot } from "./wire.js";

const GROUND = "·";
const COIN = "o";
const SEVERAL = "+";

/** A world as lines of text: a letter for each player who is here, and below who has how much. */
export function draw({ world, width, height, coins, players }: Snapshot): string {
  const rows = Array.from({ length: height }, () => new Array<string>(width).fill(GROUND));
  const put = (x: number, y: number, sign: string): void => {
    const row = rows[y];
    if (row?.[x] !== undefined) row[x] = sign;
  };
  for (const { x, y } of coins) put(x, y, COIN);
  const taken = new Set<string>();
  for (const { name, x, y, here } of players) {
    if (!here) continue;
    const place = `${x},${y}`;
    put(x, y, taken.has(place) ? SEVERAL : name.charAt(0).toUpperCase());
    taken.add(place);
  }
  const people = [...players]
    .sort((one, other) => other.coins - one.coins || one.name.localeCompare(other.name))
    .map(({ name, coins: has, here }) => `${name} ${has}${here ? "" : " (gone)"}`);
  return [...rows.map((row) => `  ${row.join(" ")}`), `  ${world}: ${people.join(", ")}`].join("\n");
}
