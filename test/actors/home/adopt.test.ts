import { describe, expect, test } from "vitest";
import { Channel, type Gap, ok } from "../../../actors/index.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import type { Store, StoreChange } from "../../../src/store/store-port.js";
import { adoptWorld, contentOf, said } from "./adopt-world.js";

/** Tells its client all at once what it has missed. */
class Board extends Channel {
  override handleIn() {
    return ok();
  }

  override handleGap(gap: Gap): void {
    this.push("snapshot", { of: gap.reason });
  }
}

describe("a session of another node's store", () => {
  test("runs here with its channels, numbers and secret: its client gets what it lacks, what it missed and what comes now, in order and once", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    await there.say(ann, "3", "4", "room:a", "say", { n: 1 }, 2);
    await there.broadcast("room:a", "one");
    expect(ann.client.take()).toEqual([said("room:a", "one", 3)]);
    await there.drop(ann);
    await there.broadcast("room:a", "two", "three");
    await there.kill();

    await there.begin();
    // This node's own clients are on the same topic.
    const bob = await there.hello("bob");
    await there.say(bob, "3", "3", "room:a", "phx_join", {}, 1);
    await there.broadcast("room:a", "for bob alone");
    expect(await there.take()).toEqual({ restored: 1, expired: 0, corrupt: 0, failed: 0, others: 0 });
    await there.broadcast("room:a", "four");
    const back = await there.hello("ann", ann.welcome, 1, 2);
    expect(back.welcome).toMatchObject({
      sid: ann.welcome.sid,
      resumed: true,
      rx: 2,
      epoch: 2,
      topics: { "room:a": "ok" },
    });
    expect(back.frames).toEqual([
      ["3", "4", "room:a", "phx_reply", { status: "ok", response: { push: expect.anything() } }, 2],
      said("room:a", "one", 3),
      said("room:a", "two", 4),
      said("room:a", "three", 5),
      said("room:a", "four", 6),
    ]);
    await there.broadcast("room:a", "five");
    expect(back.client.take()).toEqual([said("room:a", "five", 7)]);
    expect(bob.client.take()).toEqual(
      ["for bob alone", "four", "five"].map((each, at) => said("room:a", each, at + 2)),
    );
    // What it says is heard by others, and its channel knows what it was told before.
    expect(await there.say(back, "3", "5", "room:a", "said", {}, 3)).toMatchObject([
      ["3", "5", "room:a", "phx_reply", { response: { said: [{ n: 1 }], restored: true } }, 8],
    ]);
    await there.stop();
  });

  test("is in the own store as a whole, and comes back from it", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    await there.broadcast("room:a", "one");
    await there.drop(ann);
    await there.broadcast("room:a", "two");
    await there.kill();
    const own = memoryStore();
    await there.begin(own);
    await there.take();
    expect(await contentOf(own)).toMatchObject({
      [ann.welcome.sid]: {
        tx: 3,
        frames: [
          [1, expect.anything()],
          [2, expect.anything()],
          [3, expect.anything()],
        ],
      },
    });
    await there.broadcast("room:a", "three");
    await there.kill();
    await there.begin(own);
    const back = await there.hello("ann", ann.welcome, 1, 1);
    expect(back.frames).toEqual(["one", "two", "three"].map((each, at) => said("room:a", each, at + 2)));
    await there.stop();
  });

  test("does not get what it had sent itself, and gets what had been sent to it alone", async () => {
    const there = await adoptWorld();
    await there.begin();
    const [ann, bob] = [await there.hello("ann"), await there.hello("bob")];
    for (const guest of [ann, bob]) await there.say(guest, "3", "3", "room:a", "phx_join", {}, 1);
    await there.drop(bob);
    await there.say(ann, "3", "4", "room:a", "say", { n: 1 }, 2);
    await there.drop(ann);
    await there.kill();
    await there.begin();
    expect(await there.take()).toMatchObject({ restored: 2 });
    expect((await there.hello("ann", ann.welcome, 2, 2)).frames).toEqual([]);
    expect((await there.hello("bob", bob.welcome, 1, 1)).frames).toEqual([said("room:a", { n: 1 }, 2)]);
    await there.stop();
  });

  test("hears others of its node whose channels speak when they come back", async () => {
    class Loud extends Channel {
      override handleRestore(): void {
        this.broadcastFrom("said", { payload: "back" });
      }

      override saveState(): unknown {
        return 1;
      }
    }
    const there = await adoptWorld({}, { channels: { "loud:*": Loud } });
    await there.begin();
    const guests = [await there.hello("ann"), await there.hello("bob")];
    for (const guest of guests) await there.say(guest, "3", "3", "loud:a", "phx_join", {}, 1);
    await there.kill();
    await there.begin();
    await there.take();
    for (const [at, { welcome }] of guests.entries()) {
      const back = await there.hello(["ann", "bob"][at] ?? "", welcome, 1, 1);
      expect(back.frames).toEqual([said("loud:a", "back", 2)]);
    }
    await there.stop();
  });

  test("knows its idempotent pushes again, here and in a later life of this node", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    const [reply] = await there.say(ann, "3", "4", "room:a", "say", { n: 1 }, 2, null, "order 1");
    expect(reply).toMatchObject(["3", "4", "room:a", "phx_reply", { response: { push: "order 1" } }, 2]);
    await there.kill();
    const own = memoryStore();
    await there.begin(own);
    await there.take();
    for (let life = 0; life < 2; life++) {
      const again = await there.hello("ann");
      await there.say(again, "3", "3", "room:a", "phx_join", {}, 1);
      expect(await there.say(again, "3", "4", "room:a", "say", { n: 1 }, 2, null, "order 1")).toEqual([reply]);
      expect(await there.say(again, "3", "5", "room:a", "said", {}, 3)).toMatchObject([
        ["3", "5", "room:a", "phx_reply", { response: { said: [] } }, 3],
      ]);
      await there.kill();
      await there.begin(own);
    }
    await there.stop();
  });

  test("of a stock client is found by the client's token, with what waits for its join", async () => {
    const there = await adoptWorld();
    await there.begin();
    const first = await there.raw("&user=ann&session=&rx=0");
    const [news] = first.take();
    const { token } = Array.isArray(news) ? news[4] : { token: "" };
    first.say("3", "3", "room:a", "phx_join", {});
    await there.clock.advance(1_000);
    await there.broadcast("room:a", "one");
    first.socket.close(4_000, "gone");
    await there.clock.advance(1_000);
    await there.broadcast("room:a", "two");
    await there.kill();
    await there.begin();
    await there.take();
    await there.broadcast("room:a", "three");
    const second = await there.raw(`&user=ann&session=${token}&rx=1`);
    expect(second.take()).toMatchObject([[null, null, "phoenix", "session", { resumed: true }]]);
    second.say("9", "9", "room:a", "phx_join", {});
    await there.clock.advance(1_000);
    const [joined, ...frames] = second.take();
    expect(joined).toMatchObject(["9", "9", "room:a", "phx_reply", { response: { resumed: true } }, 4]);
    expect(frames).toMatchObject(["one", "two", "three"].map((payload, at) => said("room:a", payload, at + 5)));
    await there.stop();
  });

  test("that has expired or is damaged is not brought, and its client is told why, in later lives of this node too", async () => {
    const there = await adoptWorld();
    await there.begin();
    const [ann, bob] = [await there.hello("ann"), await there.hello("bob")];
    await there.drop(ann);
    await there.kill();
    const [store] = there.stores;
    await spoil(store, bob.welcome.sid);
    await there.clock.advance(200_000);
    const own = memoryStore();
    await there.begin(own);
    expect(await there.take()).toEqual({ restored: 0, expired: 1, corrupt: 1, failed: 0, others: 0 });
    expect((await there.hello("ann", ann.welcome)).welcome.reason).toBe("expired");
    expect((await there.hello("bob", bob.welcome)).welcome.reason).toBe("corrupt");
    await there.kill();
    await there.begin(own);
    expect((await there.hello("bob", bob.welcome)).welcome.reason).toBe("corrupt");
    expect(there.reports().map(({ type }) => type)).toContain("session_corrupt");
    await there.stop();
  });

  test("that was found damaged there is remembered here", async () => {
    const there = await adoptWorld();
    const first = memoryStore();
    await there.begin(first);
    const ann = await there.hello("ann");
    await there.kill();
    await spoil(first, ann.welcome.sid);
    await there.begin(first);
    await there.kill();
    await there.begin();
    expect(await there.take()).toMatchObject({ restored: 0, corrupt: 0 });
    expect((await there.hello("ann", ann.welcome)).welcome.reason).toBe("corrupt");
    await there.stop();
  });

  test("whose channel crashes or refuses is told so, as after a restart", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "plain:once", "phx_join", { how: "once" }, 1);
    await there.say(ann, "4", "4", "plain:crash", "phx_join", { how: "crash" }, 2);
    await there.kill();
    await there.begin();
    expect(await there.take()).toMatchObject({ restored: 1, failed: 0 });
    const back = await there.hello("ann", ann.welcome, 2, 2);
    expect(back.frames).toMatchObject([
      ["3", "3", "plain:once", "phx_close", {}, 3],
      ["4", "4", "plain:crash", "phx_error", {}, 4],
    ]);
    await there.stop();
  });

  test("is told of a gap where more was sent than it may hold, and goes on after it", async () => {
    const there = await adoptWorld({}, { limits: { outboxMessages: 20 } });
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    await there.drop(ann);
    const all = Array.from({ length: 30 }, (_, at) => at + 1);
    await there.broadcast("room:a", ...all);
    await there.kill();
    await there.begin();
    await there.take();
    await there.broadcast("room:a", "new");
    const back = await there.hello("ann", ann.welcome, 1, 1);
    // The answer to its join is there too, and a quarter stays free.
    const frames = all.slice(0, 14).map((each, at) => said("room:a", each, at + 2));
    const gap = { epoch: expect.stringMatching(/./), from: 15, to: 30, reason: "lost" };
    expect(back.frames).toEqual([...frames, ["3", null, "room:a", "phx_gap", gap, 16], said("room:a", "new", 17)]);
    await there.stop();
  });

  test("whose channel makes up for gaps is asked to, before anything of this node is read", async () => {
    const there = await adoptWorld({}, { limits: { outboxMessages: 20 }, channels: { "board:*": Board } });
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "board:a", "phx_join", {}, 1);
    await there.drop(ann);
    await there.broadcast("board:a", ...Array.from({ length: 30 }, (_, at) => at + 1));
    await there.kill();
    await there.begin();
    await there.take();
    await there.broadcast("board:a", "new");
    const back = await there.hello("ann", ann.welcome, 15, 1);
    expect(back.frames).toMatchObject([
      ["3", null, "board:a", "phx_gap", { from: 15, to: 30 }, 16],
      ["3", null, "board:a", "snapshot", { of: "lost" }, 17],
      said("board:a", "new", 18),
    ]);
    await there.stop();
  });

  test("is told of a gap where the log was lost that it had its place in", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    const bob = await there.hello("bob");
    for (const guest of [ann, bob]) await there.say(guest, "3", "3", "room:a", "phx_join", {}, 1);
    await there.drop(ann);
    await there.broadcast("room:a", "one", "two");
    await there.kill();
    await there.stores[0]?.commit([{ type: "delete_log", topic: "room:a" }]);
    await there.begin();
    await there.take();
    // Bob's frames know of two.
    const back = await there.hello("ann", ann.welcome, 1, 1);
    expect(back.frames).toMatchObject([["3", null, "room:a", "phx_gap", { from: 1, to: 2, reason: "lost" }, 2]]);
    await there.stop();
  });
});

describe("taking in a store", () => {
  test("adds what its node would have got next after the logs, and tells where nobody knows", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    for (const [at, topic] of ["room:a", "room:b"].entries())
      await there.say(ann, `${at}`, `${at}`, topic, "phx_join", {}, at + 1);
    await there.drop(ann);
    await there.broadcast("room:a", "one");
    await there.kill();
    await there.begin();
    const { SharedFrame } = await import("../../../src/transport/shared-frame.js");
    await there.take(undefined, {
      node: "a",
      complete: async (logs) => {
        logs
          .get("room:a")
          ?.append(SharedFrame.text('[null,null,"room:a","said",{"payload":"two"}'), undefined, there.clock.now());
        const cut = logs.get("room:b");
        if (cut !== undefined) cut.isCut = true;
      },
    });
    await there.broadcast("room:a", "three");
    const back = await there.hello("ann", ann.welcome, 2, 2);
    expect(back.frames).toEqual([
      said("room:a", "one", 3),
      said("room:a", "two", 4),
      ["1", null, "room:b", "phx_gap", { epoch: expect.stringMatching(/@a$/), from: 1, to: 1, reason: "lost" }, 5],
      said("room:a", "three", 6),
    ]);
    await there.stop();
  });

  test.each([0, 1])(
    "begins anew on a third node when the second dies half way, having kept %s of its commits",
    async (keep) => {
      const there = await adoptWorld();
      await there.begin();
      const ann = await there.hello("ann");
      await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
      await there.drop(ann);
      await there.broadcast("room:a", "one");
      await there.kill();
      const second = memoryStore();
      const faulty = await there.begin(second);
      faulty.hold();
      let isDone = false;
      const taking = there.take().then(() => {
        isDone = true;
      });
      await there.clock.advance(5_000);
      expect(isDone).toBe(false);
      await there.kill(keep);
      expect(Object.keys(await contentOf(second))).toHaveLength(keep);
      await there.begin();
      expect(await there.take()).toMatchObject({ restored: 1 });
      await there.broadcast("room:a", "two");
      const back = await there.hello("ann", ann.welcome, 1, 1);
      expect(back.frames).toEqual([said("room:a", "one", 2), said("room:a", "two", 3)]);
      void taking;
      await there.stop();
    },
  );

  test("may be done again: what runs here already is passed over, also what this node's own store has brought back", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    await there.drop(ann);
    await there.broadcast("room:a", "one");
    await there.kill();
    const own = memoryStore();
    await there.begin(own);
    expect(await there.take()).toMatchObject({ restored: 1 });
    expect(await there.take()).toMatchObject({ restored: 0 });
    await there.kill();
    await there.begin(own);
    expect(await there.take()).toMatchObject({ restored: 0 });
    const back = await there.hello("ann", ann.welcome, 1, 1);
    expect(back.frames).toEqual([said("room:a", "one", 2)]);
    expect(Object.keys(await contentOf(own))).toEqual([ann.welcome.sid]);
    await there.stop();
  });

  test("replaces what an attempt before this one has left in the own store", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    await there.drop(ann);
    await there.broadcast("room:a", "one");
    await there.kill();
    const own = memoryStore();
    await there.begin(own);
    const { sid } = ann.welcome;
    const head = { user: "ann", epoch: 1, rx: 0, tx: 9 };
    const left: StoreChange[] = [
      { type: "put_session", sid, head, meta: new Uint8Array([1]) },
      { type: "put_frame", sid, seq: 9, topic: "room:a", frame: "=left" },
    ];
    await own.commit(left);
    await there.take();
    expect(await contentOf(own)).toMatchObject({ [sid]: { tx: 2 } });
    const back = await there.hello("ann", ann.welcome, 1, 1);
    expect(back.frames).toEqual([said("room:a", "one", 2)]);
    await there.stop();
  });

  test("fails as a whole while this node's own sessions are being ended, and can be tried again", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
    await there.drop(ann);
    await there.broadcast("room:a", "one");
    await there.kill();
    await there.begin();
    const complete = async (): Promise<void> => {
      const sessions = there.system().whereis("endpoint.sessions");
      if (sessions !== undefined) there.system().exit(sessions, "kill");
    };
    await expect(there.take(undefined, { complete })).rejects.toMatchObject({ code: "unfinished", missing: 1 });
    await there.clock.advance(10_000);
    expect(await there.take()).toMatchObject({ restored: 1 });
    const back = await there.hello("ann", ann.welcome, 1, 1);
    expect(back.frames).toEqual([said("room:a", "one", 2)]);
    await there.stop();
  });

  test("counts what is the application's own, and leaves it", async () => {
    const there = await adoptWorld();
    await there.begin();
    await there.kill();
    await there.stores[0]?.commit([{ type: "put_record", key: "rooms", value: new Uint8Array([1]) }]);
    await there.begin();
    expect(await there.take()).toMatchObject({ restored: 0, others: 1 });
    await there.stop();
  });

  test("leaves nothing behind of topics that nobody is on", async () => {
    const there = await adoptWorld();
    await there.begin();
    const ann = await there.hello("ann");
    await there.say(ann, "3", "3", "plain:once", "phx_join", { how: "once" }, 1);
    await there.drop(ann);
    await there.broadcast("plain:once", "one");
    await there.kill();
    await there.begin();
    await there.take();
    expect([...there.context().subscriptions.names]).toEqual([]);
    expect(there.context().subscriptions.loggedBytes).toBe(0);
    await there.stop();
  });
});

/** Damages a session. */
async function spoil(store: Store | undefined, sid: string): Promise<void> {
  const session = await store?.readSession(sid);
  if (session?.corrupt !== false) throw new Error(`no session ${sid}`);
  await store?.commit([{ type: "put_session", sid, head: session.head, meta: new Uint8Array([1, 2]) }]);
}
