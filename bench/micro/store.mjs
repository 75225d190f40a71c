/**
 * What a durable session message costs: commits of the embedded store beside bare group commits of lmdb, with records of the same size in groups
 * of the same size, some rounds of each in turn. Prints JSON.
 *
 * `node bench/micro/store.mjs [seconds of one round, 1 by default]`; HOLDFAST_BENCH_DIR names the disk to measure, the temporary directory's
 * by default.
 *
 * Targets: a message costs at most twice a bare group commit, and the loop is never held above 5 ms.
 *
 * @import { Store } from "../../src/store/store-port.js"
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { open } from "lmdb";

const DIST = process.env["HOLDFAST_DIST"] ?? resolve(import.meta.dirname, "../../dist");
const ROUNDS = 3;
const SESSIONS = 64;
const ACK_EVERY = 32;
const RECORD = "x".repeat(1_000);

/** @typedef {{ perSecond: number, loopMaxMs: number, loopP99Ms: number }} Round */

/**
 * Repeats groups for a time; counts messages, and how late a timer of 1 ms was meanwhile.
 *
 * @param {number} ms
 * @param {number} size messages of one group
 * @param {(size: number) => Promise<unknown>} group
 * @returns {Promise<Round>}
 */
async function measure(ms, size, group) {
  for (let i = 0; i < 20; i++) await group(size);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < ms) {
    await group(size);
    count += size;
  }
  const elapsedMs = performance.now() - start;
  delay.disable();
  return {
    perSecond: Math.round((count * 1_000) / elapsedMs),
    loopMaxMs: round(delay.max / 1e6),
    loopP99Ms: round(delay.percentile(99) / 1e6),
  };
}

/**
 * Bare lmdb, with the store's options: one transaction of as many records.
 *
 * @param {string} path @param {boolean} flush @param {number} ms @param {number} size
 */
async function bare(path, flush, ms, size) {
  const db = open({
    path,
    encoding: "binary",
    keyEncoding: "binary",
    noSync: !flush,
    overlappingSync: false,
    eventTurnBatching: false,
    mapSize: 2 ** 30,
  });
  let next = 0;
  const result = await measure(ms, size, (count) =>
    db.batch(() => {
      for (let i = 0; i < count; i++) {
        const key = Buffer.allocUnsafe(16);
        key.writeDoubleBE(next % SESSIONS, 0);
        key.writeDoubleBE(next++, 8);
        db.put(key, Buffer.from(RECORD));
      }
    }),
  );
  await db.close();
  return result;
}

/**
 * The store: as many commits in one turn, each of the next frame of one session, acknowledged now and then or never.
 *
 * @param {string} path @param {boolean} flush @param {number} ms @param {number} size @param {boolean} acknowledged
 */
async function durable(path, flush, ms, size, acknowledged) {
  /** @type {Store} */
  const store = await embeddedStore({ path, durability: flush ? "disk" : "process", maxBytes: 2 ** 40 });
  const head = { epoch: 1, rx: 0, tx: 0 };
  const meta = new Uint8Array(300);
  const sids = Array.from({ length: SESSIONS }, (_, index) => `session-${index}-0123456789`);
  await store.commit(sids.map((sid) => ({ type: "put_session", sid, head, meta })));
  let next = 0;
  const result = await measure(ms, size, (count) => {
    /** @type {Promise<void>[]} */ const commits = [];
    for (let i = 0; i < count; i++) {
      const sid = sids[next % SESSIONS] ?? "";
      const seq = Math.floor(next++ / SESSIONS) + 1;
      commits.push(store.commit([{ type: "put_frame", sid, seq, topic: "room:1", frame: RECORD }]));
      if (acknowledged && seq % ACK_EVERY === 0) {
        commits.push(store.commit([{ type: "trim_frames", sid, through: seq - ACK_EVERY / 2 }]));
      }
    }
    return Promise.all(commits);
  });
  await store.close();
  return result;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** @param {readonly Round[]} rounds */
function summary(rounds) {
  return {
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    loopMaxMs: median(rounds.map(({ loopMaxMs }) => loopMaxMs)),
    loopP99Ms: median(rounds.map(({ loopP99Ms }) => loopP99Ms)),
  };
}

const { embeddedStore } = await import(pathToFileURL(join(DIST, "src/store/embedded-store.js")).href);
const ms = Number(process.argv[2] ?? 1) * 1_000;
const rows = [];
for (const flush of [true, false]) {
  for (const size of [16, 128, 1_000]) {
    /** @type {Record<"bare" | "store" | "acknowledged", Round[]>} */
    const found = { bare: [], store: [], acknowledged: [] };
    for (let i = 0; i < ROUNDS; i++) {
      const place = await mkdtemp(join(process.env["HOLDFAST_BENCH_DIR"] ?? tmpdir(), "holdfast-bench-"));
      found.bare.push(await bare(join(place, "bare"), flush, ms, size));
      found.store.push(await durable(join(place, "store"), flush, ms, size, false));
      found.acknowledged.push(await durable(join(place, "acknowledged"), flush, ms, size, true));
      await rm(place, { recursive: true });
      process.stderr.write(".");
    }
    const lmdb = summary(found.bare);
    const store = summary(found.store);
    const acknowledged = summary(found.acknowledged);
    rows.push({
      durability: flush ? "disk" : "process",
      group: size,
      lmdb,
      store,
      acknowledged,
      cost: round(lmdb.perSecond / store.perSecond),
      costAcknowledged: round(lmdb.perSecond / acknowledged.perSecond),
    });
  }
}
process.stderr.write("\n");
process.stdout.write(`${JSON.stringify({ node: process.version, recordBytes: RECORD.length, rows }, null, 2)}\n`);
