import assert from "node:assert/strict";
import type { WriteOutcome } from "../../cluster/engine.js";
import type { CaseInWorld } from "./engine-world.js";
import { ObservedNode, WatchLog } from "./observed-node.js";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** The revision of a write that must have been done. */
export function revisionOf(outcome: WriteOutcome): number {
  assert(outcome.ok, "the write was refused");
  return outcome.revision;
}

/** What the shared register of every engine does, seen from one node. */
export const registerCases: readonly CaseInWorld[] = [
  {
    title: "register: an entry is written where none is expected, and read back as it was",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      const value = new Uint8Array([0, 255, 1, 0]);
      assert.equal(await world.settle(register.get("cases/one")), undefined);
      const revision = revisionOf(await world.settle(register.put("cases/one", value, 0)));
      const entry = await world.settle(register.get("cases/one"));
      assert.deepEqual(
        { ...entry, value: [...(entry?.value ?? [])] },
        { key: "cases/one", value: [...value], revision },
      );
    },
  },
  {
    title: "register: a write that expects another revision is refused, and told what is there",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      const first = revisionOf(await world.settle(register.put("cases/one", bytes("1"), 0)));
      for (const expected of [0, first + 1_000]) {
        const refused = await world.settle(register.put("cases/one", bytes("2"), expected));
        assert(!refused.ok);
        assert.equal(refused.current?.revision, first);
      }
      assert(!(await world.settle(register.put("cases/none", bytes("2"), first))).ok);
      const second = revisionOf(await world.settle(register.put("cases/one", bytes("3"), first)));
      assert(second > first);
    },
  },
  {
    title: "register: a deletion expects a revision as well",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      const revision = revisionOf(await world.settle(register.put("cases/one", bytes("1"), 0)));
      const refused = await world.settle(register.delete("cases/one", revision + 1_000));
      assert(!refused.ok && refused.current?.revision === revision);
      assert((await world.settle(register.delete("cases/one", revision))).ok);
      assert.equal(await world.settle(register.get("cases/one")), undefined);
      assert(!(await world.settle(register.delete("cases/one", revision))).ok);
    },
  },
  {
    title: "register: revisions rise over all keys, also across deletions",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      const one = revisionOf(await world.settle(register.put("cases/one", bytes("1"), 0)));
      const two = revisionOf(await world.settle(register.put("cases/two", bytes("1"), 0)));
      const deleted = revisionOf(await world.settle(register.delete("cases/one", one)));
      const again = revisionOf(await world.settle(register.put("cases/one", bytes("1"), 0)));
      assert(one < two && two < deleted && deleted < again, `${one}, ${two}, ${deleted}, ${again} do not rise`);
    },
  },
  {
    title: "register: a list has the entries of a prefix, in the order of their keys",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      for (const key of ["cases/b", "cases/a", "other/a", "cases", "cases/c"])
        revisionOf(await world.settle(register.put(key, bytes(key), 0)));
      const listed = await world.settle(register.list("cases/"));
      assert.deepEqual(
        listed.map(({ key, value }) => [key, Buffer.from(value).toString()]),
        [
          ["cases/a", "cases/a"],
          ["cases/b", "cases/b"],
          ["cases/c", "cases/c"],
        ],
      );
      assert.deepEqual(await world.settle(register.list("nothing/")), []);
    },
  },
  {
    title: "register: of many writes at once that expect the same, one is done",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      const writes = Array.from({ length: 10 }, (_, write) => register.put("cases/one", bytes(`${write}`), 0));
      const outcomes = await world.settle(Promise.all(writes));
      const done = outcomes.filter(({ ok }) => ok);
      assert.equal(done.length, 1);
      const entry = await world.settle(register.get("cases/one"));
      assert.equal(Buffer.from(entry?.value ?? []).toString(), `${outcomes.findIndex(({ ok }) => ok)}`);
    },
  },
  {
    title: "register: a watch tells what is there, then each change of its prefix in order, until it is ended",
    async run(world) {
      const { register } = await ObservedNode.join(world, "a");
      const first = revisionOf(await world.settle(register.put("cases/one", bytes("1"), 0)));
      const log = new WatchLog();
      const end = register.watch("cases/", log);
      await world.until(() => log.changes.length === 1, "the watch to tell what is there");
      revisionOf(await world.settle(register.put("cases/two", bytes("2"), 0)));
      revisionOf(await world.settle(register.put("other/one", bytes("x"), 0)));
      const third = revisionOf(await world.settle(register.put("cases/one", bytes("3"), first)));
      revisionOf(await world.settle(register.delete("cases/one", third)));
      await world.until(() => log.changes.length === 4, "the watch to tell three changes");
      assert.deepEqual(log.texts, ["cases/one=1", "cases/two=2", "cases/one=3", "cases/one="]);
      const revisions = log.changes.map(({ revision }) => revision);
      assert.deepEqual(
        revisions,
        [...revisions].sort((one, other) => one - other),
      );
      end();
      revisionOf(await world.settle(register.put("cases/three", bytes("4"), 0)));
      const other = new WatchLog();
      register.watch("cases/", other);
      await world.until(() => other.changes.length === 2, "another watch to tell what is there");
      assert.equal(log.changes.length, 4);
    },
  },
];
