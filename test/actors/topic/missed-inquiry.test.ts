import { describe, expect, test } from "vitest";
import { MissedInquiry, type NumberedPublication } from "../../../actors/topic/missed-inquiry.js";
import { answerOf, missedMessageOf, partOf } from "../../../actors/topic/missed-message.js";
import { Publication } from "../../../actors/topic/publication.js";
import { SentPublications } from "../../../actors/topic/sent-publications.js";
import { decodeHeard, putHeard } from "../../../actors/topic/heard-record.js";

function published(topic: string, text: string): Publication {
  return new Publication({ topics: "topics", topic, event: "said", payload: { text }, key: undefined });
}

function numbered(number: number, at: number, topic = "room"): NumberedPublication {
  return { number, at, publication: published(topic, `${number}`), id: undefined };
}

function texts(inquiry: MissedInquiry, topic = "room"): unknown[] {
  return (inquiry.result().topics.get(topic) ?? []).map(({ publication }) => publication.payload);
}

const whole = { isWhole: true, isLast: true };

describe("what a dead node had not stored", () => {
  test("is put together from all, by time, and each publisher's in its own order", () => {
    const inquiry = new MissedInquiry(["a", "b"]);
    // The clock of a was put back between its two.
    inquiry.answered("a", { entries: [numbered(1, 50), numbered(2, 10)], ...whole });
    expect(inquiry.isDone).toBe(false);
    inquiry.answered("b", { entries: [numbered(7, 20), numbered(8, 60)], ...whole });
    expect(inquiry.isDone).toBe(true);
    expect(texts(inquiry)).toEqual([{ text: "7" }, { text: "1" }, { text: "2" }, { text: "8" }]);
    expect(inquiry.result().isWhole).toBe(true);
  });

  test("leaves out what comes by the way of all messages", () => {
    const inquiry = new MissedInquiry(["a"]);
    inquiry.arrived("room", "a", 3);
    inquiry.arrived("room", "a", 4);
    inquiry.arrived("other", "a", 1);
    inquiry.answered("a", { entries: [1, 2, 3, 4].map((number) => numbered(number, 0)), ...whole });
    expect(texts(inquiry)).toEqual([{ text: "1" }, { text: "2" }]);
  });

  test("is not whole when somebody had forgotten some, or does not answer", () => {
    const forgot = new MissedInquiry(["a"]);
    forgot.answered("a", { entries: [], isWhole: false, isLast: true });
    expect(forgot.result().isWhole).toBe(false);
    const lost = new MissedInquiry(["a", "b"]);
    lost.answered("a", { entries: [numbered(1, 1)], ...whole });
    expect(lost.result().isWhole).toBe(false);
    lost.lost("b");
    expect([lost.isDone, lost.result().isWhole, texts(lost).length]).toEqual([true, false, 1]);
  });
});

describe("what was sent to nodes with kept sessions", () => {
  const bounds = { messages: 3, bytes: 10_000, ageMs: 1_000 };
  const sent = (number: number, at: number, ...to: string[]) => ({
    number,
    at,
    to,
    publication: published("room", "x"),
    id: undefined,
  });
  const numbers = (table: SentPublications, node: string, after: number) => {
    const { entries, isWhole } = table.since(node, after);
    return [entries.map(({ number }) => number), isWhole];
  };

  test("is told to whoever asks for one of them, behind a number", () => {
    const table = new SentPublications(bounds);
    table.add(sent(1, 0, "a"));
    table.add(sent(4, 0, "a", "b"));
    table.add(sent(5, 0, "b"));
    expect(numbers(table, "a", 0)).toEqual([[1, 4], true]);
    expect(numbers(table, "b", 4)).toEqual([[5], true]);
    expect(numbers(table, "c", 0)).toEqual([[], true]);
  });

  test("is forgotten at its bounds, and that is known of those whom it was for", () => {
    const table = new SentPublications(bounds);
    for (let number = 1; number <= 4; number++) table.add(sent(number, 0, number === 1 ? "a" : "b"));
    expect(numbers(table, "a", 0)).toEqual([[], false]);
    expect(numbers(table, "a", 1)).toEqual([[], true]);
    expect(numbers(table, "b", 0)).toEqual([[2, 3, 4], true]);
    table.add(sent(5, 1_001, "b"));
    expect(numbers(table, "b", 0)).toEqual([[5], false]);
    expect(numbers(table, "b", 4)).toEqual([[5], true]);
  });

  test("crosses between nodes in parts, and one that cannot be read is one that is missing", () => {
    const entries = Array.from({ length: 450 }, (_, index) => sent(index + 1, index, "a"));
    const parts = answerOf(7, { entries, isWhole: true });
    expect(parts.map((part) => [part.entries.length, part.last])).toEqual([
      [200, false],
      [200, false],
      [50, true],
    ]);
    const [first] = parts;
    const read = missedMessageOf(first);
    if (read?.kind !== "tell_missed") throw new Error("expected an answer");
    const part = partOf("topics", read);
    expect(part.entries[1]).toMatchObject({ number: 2, at: 1 });
    expect(part.entries[1]?.publication.payload).toEqual({ text: "x" });
    const spoilt = missedMessageOf({ ...first, entries: [{}] });
    expect(spoilt).toMatchObject({ whole: false, entries: [] });
    for (const other of [undefined, {}, { kind: "ask_missed" }, { kind: "tell_missed", request: 1 }]) {
      expect(missedMessageOf(other)).toBeUndefined();
    }
  });
});

test("up to where a node has heard the others is read as it was written, and nothing else is", () => {
  const heard = { node: "a/1", numbers: new Map([["b/1", 5]]) };
  const change = putHeard(heard);
  if (change.type !== "put_record") throw new Error("expected a record");
  expect(decodeHeard(change.value)).toEqual(heard);
  for (const text of ["", "{}", "[]", "[1]", '["a",5]']) expect(decodeHeard(Buffer.from(text))).toBeUndefined();
});
