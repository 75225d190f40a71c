import { expect, test } from "vitest";
import { Channel, type Clients, type Gap, type Topics } from "../../../actors/index.js";
import { world } from "./durable-world.js";

const SNAPSHOT_MS = 2_000;

/** Makes up for a gap with a snapshot, for which it takes a while. */
class Board extends Channel {
  static override readonly overflow = "conflate";

  override async handleGap({ to }: Gap): Promise<void> {
    await new Promise<void>((resolve) => void this.system.clock.setTimer(SNAPSHOT_MS, resolve));
    this.push("snapshot", { to });
  }
}

const channels = { "board:*": Board };

type World = Awaited<ReturnType<typeof world>>;

/** A client that was away, and was told a second ago of the gap that its channel makes up for. */
async function toldOfGap(there: World): Promise<unknown[]> {
  const { clock, connect, disk, network, serve, system } = there;
  await serve(disk, channels);
  const { socket } = connect("ann");
  const heard: unknown[] = [];
  const channel = socket.channel("board:a");
  channel.on("snapshot", (payload) => heard.push({ snapshot: payload }));
  channel.on("news", (payload) => heard.push(payload));
  channel.onGap(({ to }) => heard.push({ gap: to }));
  channel.join();
  await clock.advance(1_000);
  network.unplug();
  socket.dropConnection();
  await clock.advance(1_000);
  for (const n of [1, 2, 3]) {
    system().whereis<Topics>("endpoint.topics")?.cast.broadcast("board:a", "news", { n }, { key: "all" });
  }
  network.heal();
  for (let waited = 0; heard.length === 0 && waited < 300; waited++) await clock.advance(100);
  expect(heard).toEqual([{ gap: 2 }]);
  return heard;
}

test("a channel that was making up for a gap when the server was killed does so when it is back, before what comes next", async () => {
  const there = await world();
  const { clock, disk, serve, kill, stop } = there;
  const heard = await toldOfGap(there);
  await kill();
  await serve(disk, channels);
  await clock.advance(30_000);
  expect(heard).toEqual([{ gap: 2 }, { snapshot: { to: 2 } }, { n: 3 }]);
  await stop();
});

test("a channel that was making up for a gap when its session crashed does so when it is back", async () => {
  const there = await world();
  const { clock, system, stop } = there;
  const heard = await toldOfGap(there);
  const asked = system().whereis<Clients>("endpoint.clients")?.call.sessionsOf("ann");
  await clock.advance(10);
  for (const { session } of (await asked) ?? []) system().exit(session, "kill");
  await clock.advance(30_000);
  expect(heard).toEqual([{ gap: 2 }, { snapshot: { to: 2 } }, { n: 3 }]);
  await stop();
});

test("a gap that was made up for is not made up for again", async () => {
  const there = await world();
  const { clock, disk, serve, kill, stop } = there;
  const heard = await toldOfGap(there);
  await clock.advance(SNAPSHOT_MS + 1_000);
  await kill();
  await serve(disk, channels);
  await clock.advance(30_000);
  expect(heard).toEqual([{ gap: 2 }, { snapshot: { to: 2 } }, { n: 3 }]);
  await stop();
});
