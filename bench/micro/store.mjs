/**
 * What a durable session message costs: commits of the embedded store beside bare group commits of lmdb, with records of the same size in groups
 * of the same size. HOLDFAST_BENCH_DIR names the disk to measure, the temporary directory's by default.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { Store } from "../../src/store/store-port.js"
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { open } from "lmdb";
import { loadStore } from "../harness/packages.mjs";
import { Meter } from "./meter.mjs";

const SESSIONS = 64;
const RECORD = "x".repeat(1_000);
const SIZES = [16, 128, 1_000];
const LEVELS = /** @type {const} */ (["process", "disk"]);

/**
 * Repeats groups of each size on each level: messages per second, and in the end how late the loop was in one of a hundred turns at worst.
 *
 * @param {Durations} durations of all of them together
 * @param {(path: string, level: "process" | "disk") => Promise<{ group: (size: number) => Promise<unknown>, close: () => Promise<void> }>} make
 */
async function measure({ warmMs, runMs }, make) {
  const share = SIZES.length * LEVELS.length;
  /** @type {Record<string, number>} */ const found = { "loop-p99": 0 };
  for (const level of LEVELS) {
    for (const size of SIZES) {
      const place = await mkdtemp(join(process.env["HOLDFAST_BENCH_DIR"] ?? tmpdir(), "holdfast-bench-"));
      const { group, close } = await make(join(place, "store"), level);
      const meter = new Meter({ warmMs: warmMs / share, runMs: runMs / 2 });
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      do await group(size);
      while (meter.tick(size));
      delay.disable();
      found[`${level}-${size}`] = await meter.rate;
      if (level === "process") found["loop-p99"] = Math.max(found["loop-p99"] ?? 0, delay.percentile(99) / 1e6);
      await close();
      await rm(place, { recursive: true });
    }
  }
  return found;
}

/**
 * As many commits in one turn, each of the next frame of one session.
 *
 * @param {Durations} durations
 */
export async function holdfast(durations) {
  const { embeddedStore } = await loadStore();
  return measure(durations, async (path, durability) => {
    /** @type {Store} */ const store = await embeddedStore({ path, durability, maxBytes: 2 ** 40 });
    const head = { epoch: 1, rx: 0, tx: 0 };
    const meta = new Uint8Array(300);
    const sids = Array.from({ length: SESSIONS }, (_, index) => `session-${index}-0123456789`);
    await store.commit(sids.map((sid) => ({ type: "put_session", sid, head, meta })));
    let next = 0;
    return {
      close: () => store.close(),
      group(size) {
        /** @type {Promise<void>[]} */ const commits = [];
        for (let i = 0; i < size; i++) {
          const sid = sids[next % SESSIONS] ?? "";
          const seq = Math.floor(next++ / SESSIONS) + 1;
          commits.push(store.commit([{ type: "put_frame", sid, seq, topic: "room:1", frame: RECORD }]));
        }
        return Promise.all(commits);
      },
    };
  });
}

/**
 * Bare lmdb, with the store's options: one transaction of as many records.
 *
 * @param {Durations} durations
 */
export function lmdb(durations) {
  return measure(durations, async (path, level) => {
    const db = open({
      path,
      encoding: "binary",
      keyEncoding: "binary",
      noSync: level === "process",
      overlappingSync: false,
      eventTurnBatching: false,
      mapSize: 2 ** 30,
    });
    let next = 0;
    return {
      close: () => db.close(),
      group: (size) =>
        db.batch(() => {
          for (let i = 0; i < size; i++) {
            const key = Buffer.allocUnsafe(16);
            key.writeDoubleBE(next % SESSIONS, 0);
            key.writeDoubleBE(next++, 8);
            db.put(key, Buffer.from(RECORD));
          }
        }),
    };
  });
}
