import assert from "node:assert/strict";
import type { Store, StoreChange } from "../../src/store/store-port.js";

/** One thing that every store does. */
export interface StoreCase {
  readonly title: string;
  /** Fails by throwing. The store is empty, and belongs to the case. */
  run(store: Store): Promise<void>;
}

/** A session's head, as most cases need one. */
export const head = { user: "ada", epoch: 1, rx: 0, tx: 0 } as const;
const meta = new Uint8Array([1, 2, 3]);

/** The change that makes a session. */
export function session(sid: string): StoreChange {
  return { type: "put_session", sid, head, meta };
}

/** The change that adds a frame. */
export function frame(sid: string, seq: number, text: string | Uint8Array = `frame ${seq}`): StoreChange {
  return { type: "put_frame", sid, seq, topic: "room:1", frame: text };
}

/** The change that adds a log's entry. */
export function entry(
  topic: string,
  offset: number,
  epoch = 1,
  text: string | Uint8Array = `entry ${offset}`,
): StoreChange {
  return { type: "append_log", topic, epoch, offset, frame: text, at: 1_000 + offset };
}

/** What a store of any kind must do: run each case with a store of its own. */
export const storeCases: readonly StoreCase[] = [
  {
    title: "gives back a session as it was put",
    async run(store) {
      await store.commit([session("a")]);
      assert.deepEqual(await store.readSession("a"), {
        corrupt: false,
        sid: "a",
        head,
        meta,
        owner: { name: "", version: 0 },
        trimmed: 0,
        frames: [],
        missing: [],
      });
      assert.equal(await store.readSession("b"), undefined);
    },
  },
  {
    title: "keeps text and bytes of frames as they were, whatever is in them",
    async run(store) {
      const frames = [
        "",
        "plain",
        "ü 漢 😀",
        "half \ud800 pair",
        "\udc00",
        new Uint8Array(0),
        new Uint8Array([0, 255]),
      ];
      await store.commit([
        session("a"),
        ...frames.map(
          (each, index): StoreChange => ({
            type: "put_frame",
            sid: "a",
            seq: index + 1,
            topic: `t\ud800${index}`,
            frame: each,
          }),
        ),
      ]);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual(
        read.frames,
        frames.map((each, index) => ({ seq: index + 1, topic: `t\ud800${index}`, frame: each })),
      );
    },
  },
  {
    title: "keeps frames in the order of their numbers, also of commits that do not wait for each other",
    async run(store) {
      const commits = [store.commit([session("a")])];
      for (let seq = 1; seq <= 300; seq++) commits.push(store.commit([frame("a", seq)]));
      await Promise.all(commits);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual(
        read.frames.map(({ seq }) => seq),
        Array.from({ length: 300 }, (_, index) => index + 1),
      );
      assert.deepEqual(read.missing, []);
    },
  },
  {
    title: "sees in a read every commit that was called before it",
    async run(store) {
      const commit = store.commit([session("a"), frame("a", 1)]);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.equal(read.frames.length, 1);
      await commit;
    },
  },
  {
    title: "takes numbers that were left out for no loss",
    async run(store) {
      await store.commit([session("a"), frame("a", 5), frame("a", 9)]);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual([read.frames.map(({ seq }) => seq), read.missing], [[5, 9], []]);
    },
  },
  {
    title: "makes all changes of a commit or none",
    async run(store) {
      await store.commit([session("a"), frame("a", 1), { type: "put_record", key: "k", value: meta }]);
      const changes: StoreChange[] = [
        { type: "put_head", sid: "a", head: { ...head, rx: 9 } },
        frame("a", 2),
        { type: "put_record", key: "k", value: new Uint8Array([9]) },
        session("b"),
        entry("t", 1),
        frame("nobody", 1),
      ];
      await assert.rejects(store.commit(changes), { code: "unknown_session" });
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual([read.head, read.frames.map(({ seq }) => seq)], [head, [1]]);
      assert.deepEqual(await store.readRecord("k"), meta);
      assert.equal(await store.readSession("b"), undefined);
      assert.equal(await store.readLog("t", 1, 10), undefined);
      await store.commit([frame("a", 2)]);
    },
  },
  {
    title: "makes the changes of a commit in their order",
    async run(store) {
      await store.commit([
        session("a"),
        frame("a", 1),
        { type: "delete_session", sid: "a" },
        session("a"),
        frame("a", 1, "second life"),
        { type: "put_record", key: "k", value: new Uint8Array([1]) },
        { type: "delete_record", key: "k" },
      ]);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual(read.frames, [{ seq: 1, topic: "room:1", frame: "second life" }]);
      assert.equal(await store.readRecord("k"), undefined);
    },
  },
  {
    title: "refuses what does not fit, with a code, and never in the caller's stack",
    async run(store) {
      await store.commit([session("a"), frame("a", 4), entry("t", 7, 2)]);
      const refused = async (code: string, change: StoreChange): Promise<void> => {
        await assert.rejects(store.commit([change]), { name: "StoreError", code });
      };
      await refused("unknown_session", frame("b", 1));
      await refused("unknown_session", { type: "put_head", sid: "b", head });
      await refused("out_of_order", frame("a", 4));
      await refused("out_of_order", entry("t", 7, 2));
      await refused("stale_epoch", entry("t", 8, 1));
      await refused("bad_change", frame("a", 0));
      await refused("bad_change", frame("a", 5.5));
      await refused("bad_change", entry("", 8, 2));
      await refused("bad_change", session(""));
      await refused("bad_change", session("x".repeat(1_000)));
      await refused("bad_change", session("\ud800"));
      await refused("bad_change", { type: "put_head", sid: "a", head: { ...head, rx: -1 } });
      await refused("not_owner", { type: "require_owner", sid: "a", version: 1 });
      assert.equal(store.status().commits.failed, 13);
    },
  },
  {
    title: "forgets trimmed frames, and takes only higher numbers after them",
    async run(store) {
      await store.commit([session("a"), ...[1, 2, 3, 4].map((seq) => frame("a", seq))]);
      await store.commit([{ type: "trim_frames", sid: "a", through: 2 }]);
      await store.commit([{ type: "trim_frames", sid: "a", through: 1 }]);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual([read.trimmed, read.frames.map(({ seq }) => seq), read.missing], [2, [3, 4], []]);
      await store.commit([{ type: "trim_frames", sid: "a", through: 10 }]);
      await assert.rejects(store.commit([frame("a", 10)]), { code: "out_of_order" });
      await store.commit([frame("a", 11)]);
      const after = await store.readSession("a");
      assert(after?.corrupt === false);
      assert.deepEqual([after.trimmed, after.frames.map(({ seq }) => seq), after.missing], [10, [11], []]);
    },
  },
  {
    title: "forgets a great many frames at once",
    async run(store) {
      await store.commit([session("a"), ...Array.from({ length: 1_500 }, (_, index) => frame("a", index + 1))]);
      await store.commit([{ type: "trim_frames", sid: "a", through: 1_499 }]);
      for (let time = 0; time < 3; time++) {
        const read = await store.readSession("a");
        assert(read?.corrupt === false);
        assert.deepEqual([read.frames.map(({ seq }) => seq), read.missing], [[1_500], []]);
        await store.commit([]);
      }
    },
  },
  {
    title: "keeps frames and owner when a session is put again, and neither when it is deleted before",
    async run(store) {
      await store.commit([session("a"), frame("a", 1)]);
      await store.claim("a", 0, "node 1");
      await store.commit([{ type: "put_session", sid: "a", head: { ...head, epoch: 2 }, meta: new Uint8Array([7]) }]);
      const read = await store.readSession("a");
      assert(read?.corrupt === false);
      assert.deepEqual(
        [read.head.epoch, read.meta, read.frames.length, read.owner.version],
        [2, new Uint8Array([7]), 1, 1],
      );
      await store.commit([{ type: "delete_session", sid: "a" }]);
      assert.equal(await store.readSession("a"), undefined);
      await store.commit([{ type: "delete_session", sid: "a" }, session("a")]);
      const again = await store.readSession("a");
      assert(again?.corrupt === false);
      assert.deepEqual([again.frames, again.owner.version], [[], 0]);
    },
  },
  {
    title: "gives a session to one of those who claim the same version",
    async run(store) {
      assert.deepEqual(await store.claim("a", 0, "node 1"), { ok: false, reason: "unknown_session" });
      await store.commit([session("a")]);
      const claims = await Promise.all([store.claim("a", 0, "node 1"), store.claim("a", 0, "node 2")]);
      assert.deepEqual(claims, [
        { ok: true, version: 1 },
        { ok: false, reason: "conflict", owner: { name: "node 1", version: 1 } },
      ]);
      assert.deepEqual(await store.claim("a", 1, "node 2"), { ok: true, version: 2 });
      await assert.rejects(store.commit([{ type: "require_owner", sid: "a", version: 1 }, frame("a", 1)]), {
        code: "not_owner",
      });
      await store.commit([{ type: "require_owner", sid: "a", version: 2 }, frame("a", 1)]);
    },
  },
  {
    title: "lists all sessions, page after page, with the small fields of each",
    async run(store) {
      const sids = Array.from({ length: 200 }, (_, index) => `s${index}`);
      await store.commit(sids.map(session));
      const found: string[] = [];
      for await (const summary of store.sessions()) {
        assert(!summary.corrupt);
        assert.deepEqual(summary.head, head);
        found.push(summary.sid);
      }
      assert.deepEqual(found.sort(), sids.sort());
      assert.equal(store.status().sessions, 200);
    },
  },
  {
    title: "lists sessions while they come and go",
    async run(store) {
      const sids = Array.from({ length: 200 }, (_, index) => `s${index}`);
      await store.commit(sids.map(session));
      const found = new Set<string>();
      for await (const { sid } of store.sessions()) {
        found.add(sid);
        await store.commit([{ type: "delete_session", sid }]);
      }
      assert.equal(found.size, 200);
      assert.equal(store.status().sessions, 0);
    },
  },
  {
    title: "reads a log from an offset in parts of a size, and says where to read on",
    async run(store) {
      await store.commit(Array.from({ length: 150 }, (_, index) => entry("t", index + 1)));
      const first = await store.readLog("t", 11, 100);
      assert(first !== undefined);
      assert.deepEqual(
        [first.entries.length, first.entries[0], first.next],
        [100, { offset: 11, frame: "entry 11", at: 1_011 }, 111],
      );
      const second = await store.readLog("t", first.next, 100);
      assert(second !== undefined);
      assert.deepEqual([second.entries.length, second.next, second.last, second.missing], [40, 151, 150, []]);
      const third = await store.readLog("t", second.next, 100);
      assert.deepEqual([third?.entries, third?.next], [[], 151]);
      assert.equal(await store.readLog("u", 1, 10), undefined);
    },
  },
  {
    title: "forgets trimmed entries of a log, and the whole log",
    async run(store) {
      await store.commit([1, 2, 3, 4, 5].map((offset) => entry("t", offset)));
      await store.commit([{ type: "trim_log", topic: "t", through: 3 }]);
      const slice = await store.readLog("t", 1, 10);
      assert.deepEqual([slice?.trimmed, slice?.entries.map(({ offset }) => offset), slice?.missing], [3, [4, 5], []]);
      await store.commit([{ type: "trim_log", topic: "t", through: 5 }]);
      const empty = await store.readLog("t", 1, 10);
      assert.deepEqual([empty?.trimmed, empty?.last, empty?.entries, empty?.next], [5, 5, [], 6]);
      await store.commit([
        { type: "delete_log", topic: "t" },
        { type: "delete_log", topic: "u" },
      ]);
      assert.equal(await store.readLog("t", 1, 10), undefined);
      assert.equal(store.status().logs, 0);
    },
  },
  {
    title: "begins a log anew with a higher epoch, whatever was in it",
    async run(store) {
      await store.commit([1, 2, 3].map((offset) => entry("t", offset)));
      await store.commit([entry("t", 1, 2, "new")]);
      const slice = await store.readLog("t", 1, 10);
      assert.deepEqual(
        [slice?.epoch, slice?.trimmed, slice?.last, slice?.entries.map((each) => each.frame), slice?.missing],
        [2, 0, 1, ["new"], []],
      );
    },
  },
  {
    title: "keeps topics apart, whatever their length and Unicode",
    async run(store) {
      const topics = [
        "t",
        "t\0",
        "\ud800",
        "\ud801",
        "\ufffd",
        "é",
        "e\u0301",
        "x".repeat(5_000),
        `${"x".repeat(4_999)}y`,
      ];
      await store.commit(topics.map((topic, index) => entry(topic, 1, 1, `of ${index}`)));
      for (const [index, topic] of topics.entries()) {
        assert.deepEqual((await store.readLog(topic, 1, 5))?.entries[0]?.frame, `of ${index}`);
      }
      const listed: string[] = [];
      for await (const { topic } of store.logs()) listed.push(topic);
      assert.deepEqual(listed.sort(), topics.sort());
    },
  },
  {
    title: "keeps small records by name",
    async run(store) {
      const keys = ["k", "\ud800", "x".repeat(5_000), "__proto__", "constructor"];
      await store.commit(keys.map((key, index) => ({ type: "put_record", key, value: new Uint8Array([index]) })));
      for (const [index, key] of keys.entries()) assert.deepEqual(await store.readRecord(key), new Uint8Array([index]));
      await store.commit([{ type: "put_record", key: "k", value: new Uint8Array(0) }]);
      assert.deepEqual(await store.readRecord("k"), new Uint8Array(0));
      await store.commit([
        { type: "delete_record", key: "k" },
        { type: "delete_record", key: "unknown" },
      ]);
      assert.equal(await store.readRecord("k"), undefined);
    },
  },
  {
    title: "lists small records by the beginning of their names, whatever their number and length",
    async run(store) {
      const long = `a:${"x".repeat(5_000)}`;
      const keys = [...Array.from({ length: 150 }, (_, index) => `a:${index}`), long, "a:\ud800"];
      await store.commit(
        [...keys, "b:1", "ab"].map((key, index) => ({ type: "put_record", key, value: new Uint8Array([index]) })),
      );
      const listed = new Map<string, number | undefined>();
      for await (const { key, value } of store.records("a:")) listed.set(key, value[0]);
      assert.deepEqual([...listed.keys()].sort(), keys.toSorted());
      assert.equal(listed.get(long), 150);
      const none: string[] = [];
      for await (const { key } of store.records("c")) none.push(key);
      assert.deepEqual(none, []);
    },
  },
  {
    title: "counts what it keeps and refuses, and has nothing waiting when all is settled",
    async run(store) {
      await store.commit([session("a")]);
      await assert.rejects(store.commit([frame("b", 1)]));
      const { commits, pending, state, damaged } = store.status();
      assert.deepEqual(
        [commits, pending, state, damaged],
        [{ kept: 1, failed: 1 }, { commits: 0, bytes: 0 }, "open", 0],
      );
    },
  },
  {
    title: "keeps what waits when it is closed, and takes nothing after",
    async run(store) {
      const commit = store.commit([session("a")]);
      await Promise.all([store.close(), store.close()]);
      await commit;
      await assert.rejects(store.commit([session("b")]), { code: "closed" });
      await assert.rejects(store.claim("a", 0, "n"), { code: "closed" });
      await assert.rejects(store.readSession("a"), { code: "closed" });
      await assert.rejects(store.readLog("t", 1, 1), { code: "closed" });
      await assert.rejects(store.readRecord("k"), { code: "closed" });
      assert.equal(store.status().state, "closed");
    },
  },
];
