import { expect, onTestFinished, test } from "vitest";
import { becomeCore } from "../../src/cluster/cores/core-place.js";
import { embeddedStoreFolder } from "../../src/store/embedded-store-folder.js";
import { processName } from "../../src/store/process-name.js";
import { temporaryPath } from "./temporary-store.js";

test("the store of a core has the core's name, that of another process is main", async () => {
  const path = await temporaryPath();
  expect(processName()).toBeUndefined();
  const first = await embeddedStoreFolder({ path });
  onTestFinished(() => first.close());
  // For good: it is a core until it ends.
  becomeCore({ name: "core-3", incarnation: "i", index: 2, cores: 3, folder: "/f", main: "/m", args: [], leaseMs: 1 });
  expect(processName()).toBe("core-3");
  const second = await embeddedStoreFolder({ path });
  onTestFinished(() => second.close());
  expect([first.ownName, second.ownName]).toEqual(["main", "core-3"]);
});
