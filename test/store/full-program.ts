/**
 * Commits to a store whose file may not grow beyond a limit until one is refused, then says what the store can still do.
 *
 * node full-program.js <path>
 */
import { writeSync } from "node:fs";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { StoreError } from "../../src/store/store-port.js";

const store = await embeddedStore({ path: process.argv[2] ?? "" });
await store.commit([{ type: "put_session", sid: "a", head: { epoch: 1, rx: 0, tx: 0 }, meta: new Uint8Array(1) }]);
let kept = 0;
let code = "";
while (code === "") {
  try {
    await store.commit([{ type: "put_frame", sid: "a", seq: kept + 1, topic: "t", frame: "x".repeat(10_000) }]);
    kept++;
  } catch (error) {
    code = error instanceof StoreError ? error.code : String(error);
  }
}
const session = await store.readSession("a");
const frames = session?.corrupt === false ? session.frames.length : -1;
writeSync(1, JSON.stringify({ kept, code, frames, state: store.status().state }));
