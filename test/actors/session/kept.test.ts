import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readStoredFrame, storedBroadcast, storedGap, storedOwn } from "../../../actors/session/kept-frame.js";
import { decodeMeta, encodeMeta, isJson, type KeptMeta } from "../../../actors/session/kept-meta.js";
import { readKeptSession } from "../../../actors/session/kept-session.js";
import { decodeLogEntry, encodeLogEntry } from "../../../actors/topic/log-entry.js";
import type { StoredSession } from "../../../src/store/store-port.js";
import { SharedFrame } from "../../../src/transport/shared-frame.js";

const hash = "\u00ff\u0000ab".repeat(8);
const meta: KeptMeta = {
  secrets: { current: hash, previous: undefined, retired: hash + hash },
  user: "ann",
  assigns: { role: "admin", n: [1, null] },
  ttlMs: 5_000,
  ahead: [],
  channels: [
    { topic: "room:\u2028a", joinRef: "3", params: { a: 1 }, cursor: 7, state: undefined },
    { topic: "__proto__", joinRef: "4", params: new Uint8Array([0, 255]), cursor: 0, state: { deep: ["x"] } },
  ],
};

describe("what is kept of a session", () => {
  test("comes back as it was", () => {
    expect(decodeMeta(encodeMeta(meta))).toEqual(meta);
    const bytes = SharedFrame.binary(new Uint8Array([7]));
    const [channel] = meta.channels;
    const stock: KeptMeta = {
      ...meta,
      stock: { withdrawn: { from: 1, through: 3 } },
      origin: "first",
      channels: channel === undefined ? [] : [{ ...channel, held: ["[frame", bytes] }],
    };
    const back = decodeMeta(encodeMeta(stock));
    expect([back?.stock, back?.origin, back?.channels[0]?.held?.[0]]).toEqual([stock.stock, "first", "[frame"]);
    const held = back?.channels[0]?.held?.[1];
    expect(held instanceof SharedFrame ? [...held.body] : held).toEqual([7]);
    const other: KeptMeta = { ...meta, user: undefined, ahead: [4, 9], secrets: { ...meta.secrets, previous: hash } };
    expect(decodeMeta(encodeMeta(other))).toEqual(other);
  });

  test("is refused whole when it is anything else", () => {
    const text = new TextDecoder().decode(encodeMeta(meta));
    for (const broken of [
      "",
      "{}",
      "[]",
      "null",
      text.slice(0, -3),
      text.replace('"v":1', '"v":2'),
      text.replace('"v":1', '"v":1,"stock":1'),
      text.replace('"v":1', '"v":1,"stock":{"withdrawn":[]}'),
      text.replace('"cursor":7', '"cursor":7,"held":[1]'),
      text.replace('"cursor":7', '"cursor":"7"'),
    ]) {
      expect(decodeMeta(new TextEncoder().encode(broken))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeMeta(bytes)).toBeUndefined();
      }),
    );
  });

  test("what has no JSON form cannot be kept, and what has can", () => {
    for (const value of [undefined, () => 1, new Map(), new Date(), Number.NaN, { a: [new Set()] }, 1n]) {
      expect(isJson(value)).toBe(false);
    }
    fc.assert(fc.property(fc.jsonValue(), (value) => isJson(value)));
  });
});

test("frames and log entries come back as they were", () => {
  expect(readStoredFrame(storedOwn("[1,2"))).toEqual({ kind: "own", body: "[1,2" });
  expect(readStoredFrame(storedOwn(SharedFrame.text("[1")))).toEqual({ kind: "own", body: "[1" });
  const bytes = readStoredFrame(storedOwn(SharedFrame.binary(new Uint8Array([1, 2]))));
  expect(bytes?.kind === "own" && typeof bytes.body !== "string" ? [...bytes.body.body] : bytes).toEqual([1, 2]);
  expect(readStoredFrame(storedBroadcast(12))).toEqual({ kind: "broadcast", offset: 12 });
  expect(readStoredFrame(storedGap(3, "[:"))).toEqual({ kind: "gap", offset: 3, body: "[:" });
  for (const broken of ["", "x", "@", "@-1", "^:", "^1"]) expect(readStoredFrame(broken)).toBeUndefined();
  for (const frame of [SharedFrame.text("[a\nb"), SharedFrame.binary(new Uint8Array([9, 10]))]) {
    for (const [key, exceptSid] of [
      [undefined, undefined],
      ["k\n", "s"],
      ["k", undefined],
      [undefined, "s"],
    ] as const) {
      const back = decodeLogEntry(encodeLogEntry({ frame, key, exceptSid, id: key }));
      expect([back?.key, back?.exceptSid, back?.id, back?.frame.binary]).toEqual([key, exceptSid, key, frame.binary]);
      expect(back?.frame.body.equals(frame.body)).toBe(true);
    }
  }
  for (const broken of ["", "[]", "x\ny", new Uint8Array(3), new Uint8Array([0, 0, 9, 9, 1])]) {
    expect(decodeLogEntry(broken)).toBeUndefined();
  }
});

describe("a session that is read", () => {
  const stored = (seqs: readonly number[], extra: Partial<StoredSession & { corrupt: false }> = {}): StoredSession => ({
    corrupt: false,
    sid: "s",
    head: { epoch: 2, rx: 1, tx: 5 },
    meta: encodeMeta({ ...meta, channels: [] }),
    owner: { name: "", version: 0 },
    trimmed: 0,
    missing: [],
    frames: seqs.map((seq) => ({ seq, topic: "t", frame: `=${seq}` })),
    ...extra,
  });
  const shown = (session: StoredSession) => {
    const read = readKeptSession(session);
    return read === undefined ? undefined : [read.acknowledged, read.tx, read.frames.map(({ seq }) => seq)];
  };

  test("has a run of frames without holes", () => {
    expect(shown(stored([1, 2, 3, 4, 5]))).toEqual([0, 5, [1, 2, 3, 4, 5]]);
    expect(shown(stored([4, 5], { trimmed: 3 }))).toEqual([3, 5, [4, 5]]);
    expect(shown(stored([], { trimmed: 9 }))).toEqual([9, 9, []]);
  });

  test("forgets what comes before a hole, or before damage", () => {
    expect(shown(stored([1, 2, 4, 5]))).toEqual([3, 5, [4, 5]]);
    expect(shown(stored([1, 5], { missing: [{ from: 2, to: 4 }] }))).toEqual([4, 5, [5]]);
    expect(shown(stored([1, 2, 3]))).toEqual([5, 5, []]);
    expect(
      shown(
        stored([1, 2], {
          frames: [
            { seq: 4, topic: "t", frame: "?" },
            { seq: 5, topic: "t", frame: "=5" },
          ],
        }),
      ),
    ).toEqual([4, 5, [5]]);
  });

  test("is none when frames are lost and it has joined topics, on which nobody knows how far it was", () => {
    const joined = { meta: encodeMeta(meta) };
    expect(shown(stored([1, 2, 3, 4, 5], joined))).toEqual([0, 5, [1, 2, 3, 4, 5]]);
    expect(shown(stored([4, 5], { ...joined, trimmed: 3 }))).toEqual([3, 5, [4, 5]]);
    for (const left of [[1, 2, 4, 5], [1, 2, 3], [4, 5], []]) expect(shown(stored(left, joined))).toBeUndefined();
    expect(shown(stored([1, 5], { ...joined, missing: [{ from: 2, to: 4 }] }))).toBeUndefined();
  });

  test("of a stock client is as if it had seen what waits for a join, until something after that is forgotten", () => {
    const stock = { meta: encodeMeta({ ...meta, stock: { withdrawn: { from: 2, through: 4 } } }) };
    expect(shown(stored([5], { ...stock, trimmed: 4 }))).toEqual([2, 5, [5]]);
    expect(shown(stored([], { ...stock, trimmed: 5 }))).toEqual([5, 5, []]);
  });

  test("is none when its head or the rest cannot be read", () => {
    expect(shown({ corrupt: true, sid: "s" })).toBeUndefined();
    expect(shown(stored([], { meta: new Uint8Array(4) }))).toBeUndefined();
  });
});
