import { expect, test } from "vitest";
import { embeddedStoreFolder } from "../../../src/store/embedded-store-folder.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import type { Store, StoreChange } from "../../../src/store/store-port.js";
import { temporaryPath } from "../../store/temporary-store.js";
import { adoptWorld, contentOf } from "./adopt-world.js";

test("an embedded store is taken into an embedded store, and deleted afterwards", async () => {
  const there = await adoptWorld();
  const first = memoryStore();
  await there.begin(first);
  const ann = await there.hello("ann");
  await there.say(ann, "3", "3", "room:a", "phx_join", {}, 1);
  await there.drop(ann);
  await there.broadcast("room:a", "one", "two");
  await there.kill();
  const path = await temporaryPath();
  const a = await embeddedStoreFolder({ path, name: "a" });
  await copy(first, a.own);
  await a.close();
  const b = await embeddedStoreFolder({ path, name: "b" });
  await there.begin(b.own);
  const foreign = await b.open("a");
  expect(await there.take(foreign)).toMatchObject({ restored: 1 });
  await foreign.close();
  await b.remove("a");
  expect(await b.list()).toEqual(["b"]);
  await there.kill();
  await b.close();
  const again = await embeddedStoreFolder({ path, name: "b" });
  const { sid } = ann.welcome;
  expect(await contentOf(again.own)).toMatchObject({
    [sid]: {
      tx: 3,
      frames: [
        [1, expect.anything()],
        [2, expect.stringContaining("one")],
        [3, expect.stringContaining("two")],
      ],
    },
  });
  await again.close();
});

async function copy(from: Store, to: Store): Promise<void> {
  const changes: StoreChange[] = [];
  for await (const { sid } of from.sessions()) {
    const session = await from.readSession(sid);
    if (session?.corrupt !== false) continue;
    const { head, meta, frames, trimmed } = session;
    changes.push({ type: "put_session", sid, head, meta });
    for (const { seq, topic, frame } of frames) changes.push({ type: "put_frame", sid, seq, topic, frame });
    changes.push({ type: "trim_frames", sid, through: trimmed });
  }
  for await (const { topic, epoch } of from.logs()) {
    const log = await from.readLog(topic, 1, 1_000);
    for (const { offset, frame, at } of log?.entries ?? [])
      changes.push({ type: "append_log", topic, epoch, offset, frame, at });
  }
  await to.commit(changes);
}
