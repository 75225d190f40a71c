import { expect, test } from "vitest";
import { Channel, type Clients, ok } from "../../../actors/index.js";
import { parseAnswer, type Welcome } from "../../../src/protocol/handshake.js";
import { type RawClient, world } from "../endpoint/durable-world.js";

class Slow extends Channel {
  override async handleIn() {
    await new Promise<void>((resolve) => void this.system.clock.setTimer(2_000, resolve));
    return ok();
  }
}

type World = Awaited<ReturnType<typeof world>>;

async function hello({ raw, clock }: World, resume?: object): Promise<{ client: RawClient; welcome: Welcome }> {
  const client = await raw();
  const intent = resume === undefined ? { intent: "new" } : { intent: "resume", resume };
  client.say(null, "1", "phoenix", "hello", { v: 1, token: "ann", ...intent });
  await clock.advance(100);
  const [frame] = client.take();
  const answer = parseAnswer(Array.isArray(frame) ? frame[4] : undefined);
  if (answer.kind !== "welcome") throw new Error(`expected a welcome, got ${JSON.stringify(frame)}`);
  return { client, welcome: answer.welcome };
}

/** A client whose push is being handled while it is handed over. */
async function handedOver(there: World) {
  const { clock, disk, serve, system } = there;
  await serve(disk, { "slow:*": Slow });
  const { client, welcome } = await hello(there);
  client.say("3", "3", "slow:a", "phx_join", {}, 1);
  client.say("3", "4", "slow:a", "say", {}, 2);
  await clock.advance(500);
  client.take();
  system().whereis<Clients>("endpoint.clients")?.cast.drain(1_000);
  await clock.advance(200);
  const { sid, secret, epoch } = welcome;
  return { client, resume: { sid, secret, epoch, rx: 1, txFirst: 1, txNext: 3 } };
}

test("a socket that is taken over while it is handed over is told that it was taken over, and not to come back", async () => {
  const there = await world();
  const { clock, stop } = there;
  const { client, resume } = await handedOver(there);
  const second = await hello(there, resume);
  expect(second.welcome.resumed).toBe(true);
  expect(client.closes).toEqual([expect.stringMatching(/^4001 /)]);
  await clock.advance(5_000);
  expect(client.take()).toEqual([]);
  expect(second.client.closes).toEqual([]);
  expect(second.client.take()).toContainEqual(expect.arrayContaining(["3", "4", "slow:a", "phx_reply"]));
  await stop();
});

test("a client that is kicked while it is handed over is told that it was kicked", async () => {
  const there = await world();
  const { clock, system, stop } = there;
  const { client } = await handedOver(there);
  system().whereis<Clients>("endpoint.clients")?.cast.kick({ user: "ann" });
  await clock.advance(5_000);
  expect(client.closes).toEqual([expect.stringMatching(/^4002 /)]);
  await stop();
});
