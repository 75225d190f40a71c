/**
 * Commits to a store as fast as it can, and tells each commit that was promised to be safe, until it is killed.
 *
 * node crash-program.js <path> <process|disk> <number of the first commit>
 */
import { writeSync } from "node:fs";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { changesOf } from "./crash-changes.js";

const [, , path = "", durability = "", first = ""] = process.argv;
const store = await embeddedStore({ path, durability: durability === "disk" ? "disk" : "process" });
if (first === "1") {
  const head = { epoch: 1, rx: 0, tx: 0 };
  const meta = new Uint8Array(10);
  await store.commit(["a", "b"].map((sid) => ({ type: "put_session", sid, head, meta }) as const));
}
let next = Number(first);

async function commitOn(): Promise<never> {
  for (;;) {
    const number = next++;
    await store.commit(changesOf(number));
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: 30 }, commitOn));
