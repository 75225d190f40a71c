import { describe, test } from "vitest";
import { memoryStore } from "../../src/store/memory-store.js";
import { storeCases } from "./store-conformance.js";
import { opened, temporaryPath } from "./temporary-store.js";

describe.each([
  ["the memory store", async () => memoryStore()],
  ["the embedded store, safe from the process's death", async () => (await opened(await temporaryPath())).store],
  [
    "the embedded store, safe from a loss of power",
    async () => (await opened(await temporaryPath(), { durability: "disk" })).store,
  ],
])("%s", (_name, open) => {
  test.each(storeCases)("$title", async ({ run }) => {
    await run(await open());
  });
});
