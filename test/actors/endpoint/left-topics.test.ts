import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import { adoptWorld, said } from "../home/adopt-world.js";

/** Says something to all, and ends. */
class Ending extends Channel {
  override handleIn(event: string) {
    if (event !== "end") return ok();
    this.broadcast("said", { payload: "last" });
    this.stop();
    return ok();
  }

  override saveState(): unknown {
    return 1;
  }
}

type There = Awaited<ReturnType<typeof adoptWorld>>;

/** A server with a store, and a client that is on a topic and has acknowledged nothing. */
async function begin() {
  const there = await adoptWorld({}, { channels: { "end:*": Ending } });
  const store = memoryStore();
  await there.begin(store);
  const ann = await there.hello("ann");
  await there.say(ann, "3", "3", "end:a", "phx_join", {}, 1);
  return { there, store, ann };
}

const ended = [
  said("end:a", "last", 2),
  ["3", "4", "end:a", "phx_reply", { status: "ok", response: {} }, 3],
  ["3", "3", "end:a", "phx_close", {}, 4],
];

test.each([
  [
    "the server is started anew",
    async (there: There, store: ReturnType<typeof memoryStore>) => void (await there.begin(store)),
  ],
  [
    "it is started anew twice",
    async (there: There, store: ReturnType<typeof memoryStore>) => {
      await there.begin(store);
      await there.kill();
      await there.begin(store);
    },
  ],
  [
    "another node takes it over",
    async (there: There, store: ReturnType<typeof memoryStore>) => {
      await there.begin();
      await there.take(store);
    },
  ],
])(
  "what was broadcast on a topic before its channel ended is not lost when %s, though the log is",
  async (_how, again) => {
    const { there, store, ann } = await begin();
    expect(await there.say(ann, "3", "4", "end:a", "end", {}, 2)).toEqual(ended);
    expect(store.status()).toMatchObject({ sessions: 1, logs: 0 });
    await there.drop(ann);
    await there.kill();
    await again(there, store);
    expect((await there.hello("ann", ann.welcome, 1, 2)).frames).toEqual(ended);
    await there.stop();
  },
);

test("what was broadcast before its client left and joined anew is not lost either, and what came after that is once", async () => {
  const { there, store, ann } = await begin();
  await there.broadcast("end:a", "one");
  ann.client.take();
  await there.say(ann, "3", "4", "end:a", "phx_leave", {}, 2);
  await there.say(ann, "5", "5", "end:a", "phx_join", {}, 3);
  await there.broadcast("end:a", "two");
  await there.drop(ann);
  await there.broadcast("end:a", "three");
  await there.kill();
  await there.begin(store);
  const back = await there.hello("ann", ann.welcome, 1, 3);
  expect(back.frames).toMatchObject([
    said("end:a", "one", 2),
    ["3", "4", "end:a", "phx_reply", {}, 3],
    ["3", "3", "end:a", "phx_close", {}, 4],
    ["5", "5", "end:a", "phx_reply", {}, 5],
    said("end:a", "two", 6),
    said("end:a", "three", 7),
  ]);
  await there.stop();
});

test("a crash before the store knows that a channel has ended brings it back, with all that was broadcast", async () => {
  const { there, store, ann } = await begin();
  // Acknowledged: the log alone has what comes.
  await there.drop(ann);
  await there.broadcast("end:a", "one");
  await there.kill();
  const faulty = await there.begin(store);
  const back = await there.hello("ann", ann.welcome, 1, 1);
  expect(back.frames).toEqual([said("end:a", "one", 2)]);
  faulty.hold();
  await there.say(back, "3", "4", "end:a", "phx_leave", {}, 2);
  await there.kill(0);
  await there.begin(store);
  expect((await there.hello("ann", back.welcome, 1, 1)).frames).toEqual([said("end:a", "one", 2)]);
  await there.stop();
});
