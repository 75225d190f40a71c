import { type ActorSystem, createSystem, type Report } from "holdfast";
import { registryOf } from "holdfast/actors";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { ConnectedPlayer } from "../../../examples/world/connect-player.js";
import { Game } from "../../../examples/world/game.js";
import type { Player, Snapshot } from "../../../examples/world/wire.js";
import { type World, WORLDS, worldKey } from "../../../examples/world/world.js";

interface HasPort {
  port(): number;
}

interface Stage {
  readonly system: ActorSystem;
  readonly reports: readonly Report[];
  enter(name: string, world?: string): Screen;
}

async function game(): Promise<Stage> {
  const reports: Report[] = [];
  const rootArgs = { port: 0, host: "127.0.0.1" };
  const system = await createSystem({ root: Game, rootArgs, reporter: (report) => reports.push(report) });
  onTestFinished(() => system.stop());
  const url = `ws://127.0.0.1:${await system.whereis<HasPort>("endpoint.listener")?.call.port()}/socket`;
  return { system, reports, enter: (name, world = "meadow") => new Screen(url, name, world) };
}

/** A player, and all that this player was shown and told. */
class Screen {
  readonly shown: Snapshot[] = [];
  readonly said: string[] = [];
  readonly player: ConnectedPlayer;
  #wake: () => void = () => undefined;

  constructor(url: string, name: string, world: string) {
    this.player = new ConnectedPlayer({
      url,
      name,
      world,
      show: (now) => this.#woken(this.shown.push(now)),
      say: (line) => this.#woken(this.said.push(line)),
      socket: { webSocket: WebSocket, backoff: { baseMs: 5, capMs: 20 } },
    });
    onTestFinished(() => this.player.leave());
  }

  /** What this player sees of one. */
  sees(name: string): Player | undefined {
    return this.player.world?.players.find((player) => player.name === name);
  }

  async until(fits: () => boolean): Promise<void> {
    while (!fits()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #woken(_count: number): void {
    this.#wake();
  }
}

function worldOf(system: ActorSystem, name = "meadow") {
  return registryOf(system, WORLDS).whereis<World>(worldKey(name));
}

describe("the world example", () => {
  it("shows two players each other, and their steps in one order", async () => {
    const { system, enter } = await game();
    const ada = enter("ada");
    await ada.until(() => ada.sees("ada") !== undefined);
    const bob = enter("bob");
    await ada.until(() => ada.sees("bob")?.here === true);
    await bob.until(() => bob.sees("ada")?.here === true);
    await Promise.all([ada.player.command("n n"), bob.player.command("south s w")]);
    // Two have come, and five steps were taken.
    for (const screen of [ada, bob]) await screen.until(() => screen.player.world?.turn === 7);
    expect(ada.player.world).toEqual(bob.player.world);
    expect(ada.sees("ada")).toMatchObject({ x: 8, y: 2 });
    expect(ada.sees("bob")).toMatchObject({ x: 7, y: 6 });
    // However many come, a world has one owner.
    expect(registryOf(system, WORLDS).lookup("name", worldKey("meadow"))).toHaveLength(1);
  });

  it("keeps a player who loses the connection in the world, and tells what happened meanwhile", async () => {
    const { enter } = await game();
    const [ada, bob] = [enter("ada"), enter("bob")];
    for (const screen of [ada, bob]) {
      await screen.until(() => screen.sees("ada")?.here === true && screen.sees("bob")?.here === true);
    }
    const before = ada.shown.length;
    ada.player.socket.dropConnection();
    await bob.player.command("n n n");
    await ada.until(() => ada.sees("bob")?.y === 1);
    // Each step came, once, in order, and no snapshot in their place.
    expect(ada.shown.slice(before).map(({ turn }) => turn)).toEqual([3, 4, 5]);
    expect(ada.said).toContain("Back in the same session.");
    expect(bob.shown.every(({ players }) => players.every(({ name, here }) => name === "bob" || here))).toBe(true);
  });

  it("remembers where a player was who comes back in another session", async () => {
    const { enter } = await game();
    const [ada, bob] = [enter("ada"), enter("bob")];
    await bob.until(() => bob.sees("ada")?.here === true);
    await ada.until(() => ada.player.world !== undefined);
    await ada.player.command("w w");
    ada.player.leave();
    await bob.until(() => bob.sees("ada")?.here === false);
    const again = enter("ada");
    await again.until(() => again.sees("ada")?.here === true);
    expect(again.sees("ada")).toMatchObject({ x: 6, y: 4 });
  });

  it("starts a world that was killed again, as it was, and gives its players a snapshot", async () => {
    const { system, reports, enter } = await game();
    const [ada, bob] = [enter("ada"), enter("bob")];
    for (const screen of [ada, bob]) await screen.until(() => screen.sees("bob")?.here === true);
    await ada.until(() => ada.sees("ada") !== undefined);
    await ada.player.command("n e");
    for (const screen of [ada, bob]) await screen.until(() => screen.player.world?.turn === 4);
    const killed = worldOf(system);
    if (killed === undefined) throw new Error("expected the world to run");
    system.exit(killed, "kill");
    // Both are told, and enter the next one, which knows where they were.
    for (const screen of [ada, bob]) await screen.until(() => screen.player.world?.turn === 6);
    for (const { said } of [ada, bob]) expect(said).toEqual(["The world crashed. Its supervisor starts it again."]);
    expect(worldOf(system)).not.toBe(killed);
    expect(bob.sees("ada")).toMatchObject({ x: 9, y: 3, here: true });
    await ada.player.command("crash");
    for (const screen of [ada, bob]) await screen.until(() => screen.player.world?.turn === 8);
    await bob.player.command("w");
    await ada.until(() => ada.sees("bob")?.x === 7);
    expect(reports.filter(({ level }) => level === "error").map(({ text }) => text)).toEqual([
      expect.stringContaining("killed"),
      expect.stringContaining("ada made the world crash"),
      expect.anything(),
    ]);
  });

  it("knows worlds of other names nothing of each other", async () => {
    const { system, enter } = await game();
    const [ada, bob] = [enter("ada", "meadow"), enter("bob", "forest")];
    await ada.until(() => ada.player.world !== undefined);
    await bob.until(() => bob.player.world !== undefined);
    expect(ada.player.world?.players.map(({ name }) => name)).toEqual(["ada"]);
    expect(worldOf(system, "meadow")).not.toBe(worldOf(system, "forest"));
  });

  it("lets nobody out of the world, and nobody in under another name than it can have", async () => {
    const { enter } = await game();
    const ada = enter("ada");
    await ada.until(() => ada.player.world !== undefined);
    await ada.player.command("n n n n");
    expect(ada.said).toEqual([]);
    await ada.player.command("n");
    expect(ada.said).toEqual(['You cannot go north: {"reason":"there is no way"}']);
    await ada.player.command("fly");
    expect(ada.said.at(-1)).toContain('I do not know "fly"');
    const eve = enter("eve", "no such place");
    await eve.until(() => eve.said.some((line) => line.startsWith("The world cannot be entered")));
  });
});
