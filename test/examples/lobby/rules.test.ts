import { describe, expect, it } from "vitest";
import { toPigLatin } from "../../../examples/lobby/pig-latin.js";
import { RoomLog } from "../../../examples/lobby/room-log.js";
import { readName, readRoom, readSay } from "../../../examples/lobby/wire.js";

describe("a room's log", () => {
  it("numbers messages from 1 and keeps the last 50", () => {
    const log = new RoomLog({ log: "a", last: 0, messages: [] });
    for (let at = 1; at <= 120; at++) log.add({ author: "Ada", text: `${at}`, at });
    expect(log.messages.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 71));
    expect(log.messages.every(({ log: id, number, text }) => id === "a" && text === `${number}`)).toBe(true);
  });

  it("gives out lists that do not change afterwards", () => {
    const log = new RoomLog({ log: "a", last: 0, messages: [] });
    log.add({ author: "Ada", text: "one", at: 1 });
    const before = log.messages;
    log.add({ author: "Ada", text: "two", at: 2 });
    expect(before).toHaveLength(1);
  });
});

describe("pig latin", () => {
  it.each([
    ["Hello there", "Ellohay erethay"],
    ["apple", "appleway"],
    ["why not?", "whyay otnay?"],
    ["A I", "Away Iway"],
    ["12 <b>", "12 <bay>"],
    ["", ""],
  ])("of %j is %j", (text, translated) => {
    expect(toPigLatin(text)).toBe(translated);
  });
});

describe("what a client may say", () => {
  it.each([
    ["Ada", "Ada"],
    ["  Ada \t Lovelace ", "Ada Lovelace"],
    ["", undefined],
    ["a\u0007b", undefined],
    ["\u202Egnp.exe", undefined],
    ["x".repeat(25), undefined],
    [7, undefined],
  ])("is the name %j", (value, name) => {
    expect(readName(value)).toBe(name);
  });

  it.each([
    ["Lobby", "lobby"],
    ["room-2", "room-2"],
    ["no room", undefined],
    ["../x", undefined],
    ["x".repeat(25), undefined],
    [undefined, undefined],
  ])("is the room %j", (value, room) => {
    expect(readRoom(value)).toBe(room);
  });

  it("is a text with content, trimmed, and whether it shall be translated", () => {
    expect(readSay({ text: " hi ", translate: true })).toEqual({ text: "hi", translate: true });
    expect(readSay({ text: "hi", translate: "yes" })).toEqual({ text: "hi", translate: false });
    for (const payload of [undefined, null, 7, "hi", {}, { text: " " }, { text: 7 }, { text: "x".repeat(1_001) }]) {
      expect(readSay(payload)).toBeUndefined();
    }
  });
});
