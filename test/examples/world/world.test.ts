import { Actor, type ActorRef, messages } from "holdfast";
import { Registry, registryOf } from "holdfast/actors";
import { createTestSystem } from "holdfast/testing";
import { child, DynamicSupervisor, Supervisor } from "holdfast/supervisors";
import { expect, it } from "vitest";
import { hereKey, WORLDS, worldKey } from "../../../examples/world/world.js";
import { findWorld, KEEPER } from "../../../examples/world/worlds.js";

class Tree extends Supervisor {
  override init() {
    return {
      children: [
        child(Registry, { id: WORLDS, args: { name: WORLDS } }),
        child(DynamicSupervisor, { id: KEEPER, name: KEEPER }),
      ],
    };
  }
}

/** Stands for a channel: it is here while it lives. */
class Here extends Actor<string> {
  static readonly [messages] = [] as const;

  override init(player: string): void {
    registryOf(this.system, WORLDS).register("resource", hereKey("meadow"), this.self(), player);
  }

  override handleInfo(): void {}
}

async function stage() {
  const { system, clock, stop } = await createTestSystem({ root: Tree });
  const enter = async (player: string): Promise<ActorRef<Here>> => {
    const channel = await system.start(Here, player);
    await (await findWorld(system, "meadow")).call.enter(channel, player);
    return channel;
  };
  const running = (): boolean => registryOf(system, WORLDS).whereis(worldKey("meadow")) !== undefined;
  return { system, clock, stop, enter, running };
}

it("a hundred that ask for a world at the same time get the same one", async () => {
  const { system, stop } = await stage();
  const found = await Promise.all(Array.from({ length: 100 }, () => findWorld(system, "meadow")));
  expect(new Set(found).size).toBe(1);
  await stop();
});

it("a world ends a minute after its last player has left it, and not before", async () => {
  const { system, clock, stop, enter, running } = await stage();
  const [ada, bob] = [await enter("ada"), await enter("bob")];
  await clock.advance(120_000);
  system.exit(ada, "kill");
  await clock.advance(120_000);
  system.exit(bob, "kill");
  await clock.advance(59_000);
  expect(running()).toBe(true);
  const again = await enter("ada");
  await clock.advance(120_000);
  expect(running()).toBe(true);
  system.exit(again, "kill");
  await clock.settle();
  await clock.advance(60_000);
  expect(running()).toBe(false);
  await stop();
});

it("a world that nobody enters ends as well", async () => {
  const { system, clock, stop, running } = await stage();
  await findWorld(system, "meadow");
  await clock.advance(60_000);
  expect(running()).toBe(false);
  await stop();
});
