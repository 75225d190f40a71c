import { expect, test } from "vitest";
import { PendingDiffs } from "../../../actors/presence/pending-diffs.js";
import {
  diffMessages,
  divideRecords,
  jsonBytes,
  showRecords,
  stateMessages,
} from "../../../actors/presence/presence-payload.js";
import { appMeta, makeRecord, type PresenceRecord } from "../../../actors/presence/presence-record.js";

const record = (key: string, ref: string, meta: object = {}): PresenceRecord =>
  makeRecord("room:1", key, meta, { ref, state: "online" });

test("a record is shown as clients know it: the metas of a key in one list", () => {
  const records = [record("ada", "1", { device: "phone" }), record("bob", "2"), record("ada", "3")];
  expect(showRecords(records)).toEqual({
    ada: {
      metas: [
        { device: "phone", phx_state: "online", phx_ref: "1" },
        { phx_state: "online", phx_ref: "3" },
      ],
    },
    bob: { metas: [{ phx_state: "online", phx_ref: "2" }] },
  });
});

test("what was fetched for a key stands beside its metas, and never in their place", () => {
  const shown = showRecords([record("ada", "1")], new Map([["ada", { name: "Ada", metas: "mine" }]]));
  expect(shown).toEqual({ ada: { name: "Ada", metas: [{ phx_state: "online", phx_ref: "1" }] } });
});

test("a key may be called __proto__", () => {
  const shown = showRecords([record("__proto__", "1")]);
  expect(Object.keys(shown)).toEqual(["__proto__"]);
  expect(JSON.stringify(shown)).toContain("__proto__");
});

test("a meta is a copy, and its marks are not the app's to choose", () => {
  const meta = { device: "phone", phx_ref: "forged", phx_ref_prev: "forged", phx_state: "forged" };
  const made = record("ada", "1", meta);
  meta.device = "changed";
  expect(made.meta).toEqual({ device: "phone", phx_state: "online", phx_ref: "1" });
  expect(appMeta(made)).toEqual({ device: "phone" });
  expect(made.bytes).toBe(jsonBytes(made.meta));
});

test("records are divided into messages of a size", () => {
  const records = Array.from({ length: 100 }, (_, index) => record(`user ${index % 10}`, String(index), { text: "ä" }));
  const parts = divideRecords(records, 1_000);
  expect(parts.flat()).toEqual(records);
  expect(parts.length).toBeGreaterThan(5);
  for (const part of parts) expect(jsonBytes(showRecords(part))).toBeLessThanOrEqual(1_000);
  expect(parts.slice(0, -1).every((part) => jsonBytes(showRecords(part)) > 500)).toBe(true);
});

test("what is fetched counts", () => {
  const fetched = new Map([["ada", { text: "x".repeat(900) }]]);
  const parts = divideRecords([record("bob", "1", { text: "x".repeat(300) }), record("ada", "2")], 1_200, fetched);
  expect(parts).toHaveLength(2);
  for (const part of parts) expect(jsonBytes(showRecords(part, fetched))).toBeLessThanOrEqual(1_200);
});

test("a state that is too large goes on as joins; that of nobody is empty", () => {
  const records = Array.from({ length: 10 }, (_, index) => record(`user ${index}`, String(index)));
  const [first, ...others] = stateMessages(records, 300);
  expect(first?.[0]).toBe("presence_state");
  expect(others.length).toBeGreaterThan(1);
  for (const [event, payload] of others) {
    expect(event).toBe("presence_diff");
    expect(payload).toMatchObject({ leaves: {} });
  }
  expect(stateMessages([], 300)).toEqual([["presence_state", {}]]);
});

test("a diff that is too large comes in parts, joins first", () => {
  const some = (from: number): PresenceRecord[] =>
    Array.from({ length: 5 }, (_, index) => record(`user ${from + index}`, String(from + index)));
  const diffs = diffMessages(some(0), some(5), 300);
  const kinds = diffs.map(({ joins, leaves }) => [Object.keys(joins).length > 0, Object.keys(leaves).length > 0]);
  expect(kinds.every(([joins, leaves]) => joins !== leaves)).toBe(true);
  expect(kinds.findIndex(([, leaves]) => leaves)).toBe(kinds.findLastIndex(([joins]) => joins) + 1);
  expect(diffMessages(some(0), some(5), 10_000)).toHaveLength(1);
});

test("who comes and goes between two diffs is not told, unless the topic was read meanwhile", () => {
  const pending = new PendingDiffs();
  const [one, other] = [record("ada", "1"), record("bob", "2")];
  pending.join(one);
  pending.leave(one);
  expect([pending.size, pending.take("room:1")]).toEqual([0, undefined]);
  pending.join(other);
  pending.read("room:1");
  pending.leave(other);
  expect(pending.take("room:1")).toEqual({ joins: [other], leaves: [other] });
  expect([pending.size, [...pending.topics()]]).toEqual([0, []]);
});

test("who vanishes and is back before the diff is not told, unless the topic was read meanwhile", () => {
  const pending = new PendingDiffs();
  const one = record("ada", "1");
  pending.leave(one);
  pending.join(one);
  expect(pending.take("room:1")).toBeUndefined();
  pending.leave(one);
  pending.read("room:1");
  pending.join(one);
  expect(pending.take("room:1")).toEqual({ joins: [one], leaves: [] });
});
