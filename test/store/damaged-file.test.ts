import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/kernel/random.js";
import type { DamageReport } from "../../src/store/damage.js";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { checkFile } from "../../src/store/lmdb-file.js";
import { Kind, numberedKey, plainKey } from "../../src/store/record-key.js";
import type { Store, StoreChange } from "../../src/store/store-port.js";
import { entry, session } from "./store-conformance.js";
import { opened, temporaryPath } from "./temporary-store.js";

const SESSIONS = 12;
const FRAMES = 30;
const PAGE = 4_096;
const SEEDS = 25;

let whole: Buffer;

/** Long now and then, so that some values have pages of their own. */
function textOf(sid: string, seq: number): string {
  return `${sid} ${seq} `.repeat(seq % 13 === 0 ? 900 : 20);
}

function framesOf(seq: number): StoreChange[] {
  const sids = Array.from({ length: SESSIONS }, (_, index) => `s${index}`);
  return sids.map((sid) => ({ type: "put_frame", sid, seq, topic: "t", frame: textOf(sid, seq) }));
}

async function damaged(change: (bytes: Buffer) => void): Promise<string> {
  const path = await temporaryPath();
  await mkdir(path, { mode: 0o700 });
  const bytes = Buffer.from(whole);
  change(bytes);
  await writeFile(join(path, "data.mdb"), bytes);
  return path;
}

/** Makes a byte of a record wrong, which is found by a part of its key. */
function spoil(bytes: Buffer, key: Uint8Array, offset: number): void {
  for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at + 1)) {
    const target = at + key.length + offset;
    bytes[target] = (bytes[target] ?? 0) ^ 1;
  }
}

async function check(store: Store): Promise<{ lost: number; wrong: number }> {
  let lost = 0;
  let wrong = 0;
  for (let index = 0; index < SESSIONS; index++) {
    const sid = `s${index}`;
    const read = await store.readSession(sid);
    if (read?.corrupt !== false) {
      lost++;
      continue;
    }
    const missing = read.missing.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    wrong += read.frames.filter(({ seq, frame }) => frame !== textOf(sid, seq)).length;
    if (read.frames.length !== FRAMES) lost++;
    // What is missing between others is told. At the end only a report can tell.
    if (read.frames.length + missing > FRAMES) wrong++;
  }
  return { lost, wrong };
}

beforeAll(async () => {
  const path = await mkdtemp(join(tmpdir(), "holdfast-store-"));
  const store = await embeddedStore({ path });
  await store.commit(Array.from({ length: SESSIONS }, (_, index) => session(`s${index}`)));
  for (let seq = 1; seq <= FRAMES; seq++) await store.commit(framesOf(seq));
  await store.commit([1, 2, 3, 4, 5].map((offset) => entry("log", offset, 3)));
  await store.commit([{ type: "put_record", key: "name", value: new Uint8Array([1]) }]);
  await store.close();
  whole = await readFile(join(path, "data.mdb"));
  await rm(path, { recursive: true });
});

describe("a damaged record", () => {
  const reports = (damage: readonly DamageReport[]) =>
    damage.map((each) => (each.kind === "record" ? each.key : "file"));

  test("of a frame is a hole that is told, whether it is looked at when opened or read", async () => {
    const path = await damaged((bytes) => spoil(bytes, numberedKey(Kind.sessionFrame, "s3", 4, 7), 40));
    const { store, damage } = await opened(path);
    expect(reports(damage)).toEqual([`sessionFrame "s3" 7`]);
    expect(store.status().damaged).toBe(1);
    const read = await store.readSession("s3");
    expect(read).toMatchObject({ corrupt: false, missing: [{ from: 7, to: 7 }] });
    expect(read?.corrupt === false && read.frames).toHaveLength(FRAMES - 1);
    // Once, not with each read.
    expect(damage).toHaveLength(1);
    await store.commit([{ type: "trim_frames", sid: "s3", through: 7 }]);
    expect(await store.readSession("s3")).toMatchObject({ missing: [], trimmed: 7 });
  });

  test("of the newest frame is told too, and its number is not given again", async () => {
    const path = await damaged((bytes) => spoil(bytes, numberedKey(Kind.sessionFrame, "s3", 4, FRAMES), 40));
    const { store } = await opened(path);
    expect(await store.readSession("s3")).toMatchObject({ missing: [{ from: FRAMES, to: FRAMES }] });
    await expect(
      store.commit([{ type: "put_frame", sid: "s3", seq: FRAMES, topic: "t", frame: "" }]),
    ).rejects.toMatchObject({ code: "out_of_order" });
  });

  test.each([
    ["head", Kind.sessionHead],
    ["meta", Kind.sessionMeta],
    ["state", Kind.sessionState],
  ])("of a session's %s makes it corrupt: listed, not resumed, deleted or put anew", async (_name, kind) => {
    const path = await damaged((bytes) => spoil(bytes, plainKey(kind, "s3"), 5));
    const { store } = await opened(path);
    expect(await store.readSession("s3")).toEqual({ corrupt: true, sid: "s3" });
    const corrupt: string[] = [];
    for await (const summary of store.sessions()) if (summary.corrupt) corrupt.push(summary.sid);
    expect(corrupt).toEqual(["s3"]);
    await expect(
      store.commit([{ type: "put_frame", sid: "s3", seq: 99, topic: "t", frame: "" }]),
    ).rejects.toMatchObject({ code: "unknown_session" });
    expect(await store.claim("s3", 0, "n")).toEqual({ ok: false, reason: "unknown_session" });
    await store.commit([session("s3")]);
    expect(await store.readSession("s3")).toMatchObject({ corrupt: false, frames: [], missing: [] });
    await store.commit([{ type: "delete_session", sid: "s3" }]);
    expect(await store.readSession("s3")).toBeUndefined();
    await store.close();
    const again = await opened(path);
    expect(again.damage).toEqual([]);
    expect(await again.store.readSession("s3")).toBeUndefined();
  });

  test("of a log's entry is a hole that is told", async () => {
    const path = await damaged((bytes) => {
      for (let gen = 1; gen < 20; gen++) spoil(bytes, numberedKey(Kind.logEntry, "log", gen, 3), 35);
    });
    const { store } = await opened(path);
    const slice = await store.readLog("log", 1, 10);
    expect([slice?.entries.map(({ offset }) => offset), slice?.missing]).toEqual([[1, 2, 4, 5], [{ from: 3, to: 3 }]]);
  });

  test("of a log's state is found again from its entries", async () => {
    const path = await damaged((bytes) => spoil(bytes, plainKey(Kind.logState, "log"), 5));
    const { store, damage } = await opened(path);
    expect(reports(damage)).toEqual([`logState "log"`]);
    expect(await store.readLog("log", 1, 10)).toMatchObject({ epoch: 3, last: 5, missing: [] });
    await store.close();
    const again = await opened(path);
    expect(again.damage).toEqual([]);
    expect(await again.store.readLog("log", 1, 10)).toMatchObject({ epoch: 3, last: 5 });
  });

  test("under a name is left out, and its name works on", async () => {
    const path = await damaged((bytes) => spoil(bytes, plainKey(Kind.named, "name"), 5));
    const { store, damage } = await opened(path);
    expect(await store.readRecord("name")).toBeUndefined();
    expect(reports(damage)).toEqual([`named "name"`]);
    await store.commit([{ type: "put_record", key: "name", value: new Uint8Array([2]) }]);
    expect(await store.readRecord("name")).toEqual(new Uint8Array([2]));
  });
});

describe("a damaged file", () => {
  const spoilPage = (bytes: Buffer): void => {
    // The newest root: what leads to all records.
    const newest = bytes.readBigUInt64LE(152) > bytes.readBigUInt64LE(PAGE + 152) ? 0 : PAGE;
    const root = Number(bytes.readBigUInt64LE(newest + 136));
    bytes.fill(0xff, root * PAGE, (root + 1) * PAGE);
  };

  test("is moved aside, and all its good records are kept", async () => {
    const path = await damaged(spoilPage);
    const { store, damage } = await opened(path);
    expect(damage).toMatchObject([{ kind: "file", kept: expect.any(Number) }]);
    expect(await check(store)).toEqual({ lost: 0, wrong: 0 });
    const aside = damage[0]?.kind === "file" ? damage[0].movedTo : "";
    expect(aside).toMatch(/store\.damaged-\d{4}-\d\d-\d\dT/);
    const kept = await readFile(join(aside, "data.mdb"));
    expect(kept.length).toBe(whole.length);
    await store.close();
    expect((await opened(path)).damage).toEqual([]);
  });

  test("is refused when that was asked for, and left as it is", async () => {
    const path = await damaged(spoilPage);
    await expect(opened(path, { onDamaged: "refuse" })).rejects.toMatchObject({ code: "damaged" });
    expect(await readdir(dirname(path))).toEqual(["store"]);
    expect((await opened(path)).damage).toHaveLength(1);
  });

  test("of nothing but noise is moved aside, and a fresh one begins", async () => {
    const path = await damaged((bytes) => {
      const random = seededRandom(1);
      for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(random.next() * 256);
    });
    const { store, damage } = await opened(path);
    expect(damage).toMatchObject([{ kind: "file", kept: 0 }]);
    await store.commit([session("new")]);
  });

  test("that a crash left half rescued is rescued again", async () => {
    const path = await damaged(spoilPage);
    await mkdir(join(path, "rescue"));
    await copyFile(join(path, "data.mdb"), join(path, "rescue/data.mdb"));
    await truncate(join(path, "rescue/data.mdb"), 5_000);
    expect(await check((await opened(path)).store)).toEqual({ lost: 0, wrong: 0 });
  });

  test("reports itself as a warning of the process when nobody listens", async () => {
    const path = await damaged(spoilPage);
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const store = await embeddedStore({ path });
    expect(await warned).toMatchObject({ code: "HOLDFAST_STORE_DAMAGED" });
    await store.close();
  });

  test("is found to be damaged or whole, never opened wrongly: bits, pages and ends, by chance", async () => {
    const places = {
      bit: (bytes: Buffer, pick: (below: number) => number) => {
        const at = pick(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      },
      header: (bytes: Buffer, pick: (below: number) => number) => {
        const at = pick(bytes.length / PAGE) * PAGE + pick(100);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      },
      meta: (bytes: Buffer, pick: (below: number) => number) => {
        const at = pick(2) * PAGE + pick(168);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      },
      // What a loss of power leaves when nothing was flushed: a page of another time, or none.
      torn: (bytes: Buffer, pick: (below: number) => number) => {
        const from = pick(bytes.length / PAGE) * PAGE;
        bytes.copy(bytes, pick(bytes.length / PAGE) * PAGE, from, from + PAGE);
      },
      zeroed: (bytes: Buffer, pick: (below: number) => number) => {
        const at = pick(bytes.length / PAGE) * PAGE;
        bytes.fill(0, at, at + PAGE);
      },
    };
    for (let seed = 1; seed <= SEEDS; seed++) {
      for (const [kind, spoilBytes] of Object.entries(places)) {
        const random = seededRandom(seed);
        const path = await damaged((bytes) => spoilBytes(bytes, (below) => Math.floor(random.next() * below)));
        const damage: DamageReport[] = [];
        const store = await embeddedStore({ path, onDamage: (report) => damage.push(report) });
        const { lost, wrong } = await check(store);
        expect({ kind, seed, wrong, untold: lost > 0 && damage.length === 0 }).toEqual({
          kind,
          seed,
          wrong: 0,
          untold: false,
        });
        await store.commit([session("new")]);
        await store.close();
        expect((await checkFile(join(path, "data.mdb"))).problems).toEqual([]);
      }
    }
  });

  test("that was cut off is rescued as far as it goes", async () => {
    for (const part of [0.1, 0.5, 0.9]) {
      const path = await damaged(() => undefined);
      await truncate(join(path, "data.mdb"), Math.floor(whole.length * part));
      const { store, damage } = await opened(path);
      expect(damage).toHaveLength(1);
      expect((await check(store)).wrong).toBe(0);
    }
  });
});
