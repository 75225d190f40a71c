import { expect, test } from "vitest";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { temporaryPath } from "./temporary-store.js";

test("a log that was deleted right before the store was closed is not there when it is opened again", async () => {
  const path = await temporaryPath();
  const before = await embeddedStore({ path });
  for (let offset = 1; offset <= 3; offset++) {
    await before.commit([{ type: "append_log", topic: "t", epoch: 1, offset, frame: `${offset}`, at: 1 }]);
  }
  await before.commit([{ type: "delete_log", topic: "t" }]);
  await before.close();
  const after = await embeddedStore({ path });
  expect(await after.readLog("t", 1, 100)).toBeUndefined();
  await after.close();
});
