import fc from "fast-check";
import { expect, it } from "vitest";
import { appear, MOST_PLAYERS, newMap, snapshotOf, step, withChange } from "../../../examples/world/map.js";
import { draw } from "../../../examples/world/draw.js";
import type { Way } from "../../../examples/world/wire.js";
import { seededRandom } from "holdfast";

const way = fc.constantFrom<Way>("north", "east", "south", "west");

it("whoever follows the changes knows the same world as whoever gets a snapshot", () => {
  const moves = fc.array(fc.record({ name: fc.constantFrom("ada", "bob"), way, here: fc.option(fc.boolean()) }));
  fc.assert(
    fc.property(moves, fc.nat(), (steps, seed) => {
      const random = seededRandom(seed);
      const dice = (): number => random.next();
      let map = newMap(dice);
      let known = snapshotOf("w", map);
      for (const { name, way: to, here } of steps) {
        const turn = here === null ? step(map, name, to, dice) : appear(map, name, here);
        if (turn === undefined) continue;
        map = turn.map;
        known = withChange(known, turn.change);
      }
      const now = snapshotOf("w", map);
      const byName = (players: typeof now.players) => new Map(players.map((player) => [player.name, player]));
      expect({ ...known, players: byName(known.players) }).toEqual({ ...now, players: byName(now.players) });
      expect(now.coins).toHaveLength(6);
      for (const { x, y } of [...now.coins, ...now.players]) {
        expect(x >= 0 && y >= 0 && x < now.width && y < now.height).toBe(true);
      }
    }),
  );
});

it("a step onto a coin picks it up, and another falls", () => {
  const random = seededRandom(1);
  const map = appear({ turn: 0, coins: [{ x: 9, y: 4 }], players: new Map() }, "ada", true)?.map;
  if (map === undefined) throw new Error("expected room");
  const turn = step(map, "ada", "east", () => random.next());
  expect(turn?.change).toMatchObject({ player: { x: 9, y: 4, coins: 1 }, taken: { x: 9, y: 4 } });
  expect(turn?.map.coins).toEqual([turn?.change.dropped]);
});

it("a world is drawn with a letter for each player who is here", () => {
  const ada = { name: "ada", x: 1, y: 0, coins: 2, here: true };
  const players = [ada, { ...ada, name: "bob", x: 0, coins: 3, here: false }];
  expect(draw({ world: "w", turn: 1, width: 3, height: 2, coins: [{ x: 2, y: 1 }], players })).toBe(
    ["  · A ·", "  · · o", "  w: bob 3 (gone), ada 2"].join("\n"),
  );
  const both = players.map((player) => ({ ...player, x: 0, here: true }));
  expect(draw({ world: "w", turn: 1, width: 1, height: 1, coins: [], players: both })).toContain("  +\n");
});

it("a world has room for so many players, and for each of them again", () => {
  let map = newMap(seededRandom(1).next);
  for (let n = 0; n < MOST_PLAYERS; n++) map = appear(map, `p${n}`, true)?.map ?? map;
  expect(appear(map, "one more", true)).toBeUndefined();
  expect(appear(map, "p7", false)?.change.player.here).toBe(false);
});
