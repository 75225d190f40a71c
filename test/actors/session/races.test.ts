import { expect, test } from "vitest";
import { Channel, ok, type Overflow } from "../../../actors/index.js";
import { seededRandom } from "../../../src/kernel/random.js";
import { forEachSeed } from "../../../src/testing/index.js";
import { createFakeEndpoint, type FakeEndpoint } from "../fake-endpoint.js";
import { ModelClient } from "./model-client.js";

const SEEDS = 150;

interface Run {
  readonly client: ModelClient;
  readonly handled: number[];
  /** How many were broadcast. */
  readonly said: number;
  readonly asked: number;
}

function roomClass(handled: number[], overflow: Overflow) {
  return class Room extends Channel {
    static override readonly overflow = overflow;
    override join() {
      this.joinGroup("rooms");
      return ok();
    }
    override handleIn(event: string, payload: unknown) {
      if (event === "ask") handled.push(Number(payload));
      return ok();
    }
  };
}

/** Whatever may happen, in an order drawn from a seed; in the end the client is there and has all. */
async function run(seed: number, overflow: Overflow = "cursor"): Promise<Run> {
  const random = seededRandom(seed * 7 + 1);
  const below = (n: number): number => Math.floor(random.next() * n);
  const handled: number[] = [];
  const end = await createFakeEndpoint({
    channels: { "room:*": roomClass(handled, overflow) },
    limits: { windowMessages: 6, outboxMessages: 40 },
    seed,
  });
  const client = new ModelClient(end);
  await client.connect();
  await quiet(end, client);
  client.push("phx_join", {});
  await quiet(end, client);
  let said = 0;
  let asked = 0;
  const acts: (() => void | Promise<void>)[] = [
    () => {
      for (let n = below(25); n >= 0; n--) end.context.subscriptions.broadcast("room:a", "said", { n: ++said });
    },
    () => {
      if (asked < 30) client.push("ask", ++asked);
    },
    () => client.lose(),
    async () => {
      // It waits for an answer before it tries again, or gives the socket up.
      if (!client.welcomed) client.lose();
      await client.connect();
    },
    () => {
      client.look();
      client.acknowledge();
    },
    () => {
      client.look();
    },
    () => end.clock.settle(),
    () => end.clock.advance(below(3_000)),
  ];
  for (let step = 0; step < 40; step++) await acts[below(acts.length)]?.();
  client.lose();
  await end.clock.settle();
  await client.connect();
  await quiet(end, client);
  expect(end.context.subscriptions.loggedBytes).toBe(0);
  expect(end.context.directory.counts.online).toBe(1);
  await end.stop();
  return { client, handled, said, asked };
}

/** Waits until nothing more comes, with a client that looks and acknowledges. */
async function quiet(end: FakeEndpoint, client: ModelClient): Promise<void> {
  do {
    client.acknowledge();
    await end.clock.advance(1_500);
  } while (client.look());
}

const numbers = (to: number): number[] => Array.from({ length: to }, (_, n) => n + 1);

test(`nothing is lost, doubled or out of order, whenever a client is lost, comes back or takes over (${SEEDS} orders)`, async () => {
  await forEachSeed(SEEDS, async (seed) => {
    const { client, handled, said, asked } = await run(seed);
    expect(client.got).toEqual(numbers(said).map((n) => ({ n })));
    expect(handled).toEqual(numbers(asked));
    // The join and every question.
    expect(client.replies).toHaveLength(asked + 1);
  });
});

test("what is dropped by policy is announced: numbers and gaps together are all there was, in order", async () => {
  await forEachSeed(50, async (seed) => {
    const { client, said } = await run(seed, "drop_oldest");
    const seen = client.got.flatMap((each): number[] => {
      if (typeof each !== "object" || each === null) return [];
      if ("n" in each) return [Number(each.n)];
      if (!("from" in each) || !("to" in each)) return [];
      const { from, to } = each;
      return numbers(Number(to)).slice(Number(from) - 1);
    });
    expect(seen).toEqual(numbers(said));
  });
});
