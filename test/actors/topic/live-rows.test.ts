import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ChannelRow } from "../../../actors/session/channel-table.js";
import type { SessionRef } from "../../../actors/session/session-messages.js";
import { Broadcast, encodeBroadcast } from "../../../actors/topic/broadcast.js";
import { BroadcastTurns } from "../../../actors/topic/broadcast-turns.js";
import { LiveRows } from "../../../actors/topic/live-rows.js";

const frame = encodeBroadcast("room:a", "said", {});

/** Turns that a test gives one by one. */
class Turns {
  readonly timers = new Map<object, () => void>();

  setTimer(_delayMs: number, fire: () => void): object {
    const timer = {};
    this.timers.set(timer, fire);
    return timer;
  }

  clearTimer(timer: object): void {
    this.timers.delete(timer);
  }

  /** Gives the next turn; false when nobody wants one. */
  next(): boolean {
    for (const [timer, fire] of this.timers) {
      this.timers.delete(timer);
      fire();
      return true;
    }
    return false;
  }
}

/** A row whose session notes the offsets that it is sent. */
function rowOf(got: number[]): ChannelRow {
  const cast = { deliver: (_row: ChannelRow, { offset }: Broadcast) => got.push(offset) };
  return new ChannelRow("room:a", "1", { cast } as unknown as SessionRef);
}

function scene(size: number, rows: number, limits = { topicLogMessages: 100, topicLogBytes: 100_000 }) {
  const turns = new Turns();
  const broadcastTurns = new BroadcastTurns(turns, size);
  const live = new LiveRows(broadcastTurns, limits);
  const got = Array.from({ length: rows }, (): number[] => []);
  const all = got.map(rowOf);
  for (const row of all) live.add(row);
  let offset = 0;
  const send = (except?: SessionRef): void => live.send(new Broadcast(frame, ++offset, undefined, except));
  return { turns, broadcastTurns, live, got, all, send, limits };
}

test("as many rows as fit into one turn get a broadcast at once", () => {
  const { send, got, turns } = scene(3, 3);
  send();
  send();
  expect(got).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  expect(turns.next()).toBe(false);
});

test("more rows get it in turns, and those that wait get what came meanwhile together with it", () => {
  const { send, got, turns } = scene(2, 5);
  send();
  expect(got).toEqual([[1], [1], [], [], []]);
  send();
  turns.next();
  expect(got).toEqual([[1], [1], [1, 2], [], []]);
  turns.next();
  expect(got).toEqual([[1], [1], [1, 2], [1, 2], []]);
  while (turns.next());
  expect(got).toEqual(got.map(() => [1, 2]));
});

test("a second broadcast does not begin before the turn in which the first ended is over", () => {
  const { send, got, turns } = scene(2, 4);
  send();
  turns.next();
  expect(got).toEqual([[1], [1], [1], [1]]);
  send();
  expect(got.flat()).toHaveLength(4);
  turns.next();
  turns.next();
  turns.next();
  expect(got).toEqual(got.map(() => [1, 2]));
});

test("a row that joins meanwhile gets only what is broadcast from then on, one that leaves nothing more", () => {
  const { send, got, turns, live, all } = scene(2, 5);
  send();
  const late: number[] = [];
  live.add(rowOf(late));
  const [, , leaves] = all;
  if (leaves !== undefined) live.delete(leaves);
  send();
  while (turns.next());
  expect(late).toEqual([2]);
  expect(got).toEqual([[1, 2], [1, 2], [], [1, 2], [1, 2]]);
});

test("a row gets what waits for it before something else is sent to it, and only once", () => {
  const { send, got, turns, live, all } = scene(1, 3);
  send();
  send();
  const [, , last] = all;
  if (last !== undefined) live.catchUp(last);
  expect(got).toEqual([[1], [], [1, 2]]);
  while (turns.next());
  expect(got).toEqual(got.map(() => [1, 2]));
});

test("the session that a broadcast is not for does not get it", () => {
  const { send, got, turns, all } = scene(1, 3);
  send(all[2]?.session);
  send(all[0]?.session);
  while (turns.next());
  expect(got).toEqual([[1], [1, 2], [2]]);
});

test("what waits has a bound, beyond which all get it at once", () => {
  const { send, got } = scene(1, 4, { topicLogMessages: 3, topicLogBytes: 100_000 });
  for (let n = 0; n < 3; n++) send();
  expect(got.flat()).toHaveLength(1);
  send();
  expect(got).toEqual(got.map(() => [1, 2, 3, 4]));
});

test("topics share a turn, and take turns", () => {
  const { send, got, turns, broadcastTurns, limits } = scene(2, 5);
  const other = Array.from({ length: 5 }, (): number[] => []);
  const otherRows = new LiveRows(broadcastTurns, limits);
  for (const each of other) otherRows.add(rowOf(each));
  send();
  otherRows.send(new Broadcast(frame, 1, undefined, undefined));
  expect([got.flat().length, other.flat().length]).toEqual([2, 0]);
  turns.next();
  expect([got.flat().length, other.flat().length]).toEqual([4, 0]);
  turns.next();
  expect([got.flat().length, other.flat().length]).toEqual([4, 2]);
  turns.next();
  expect([got.flat().length, other.flat().length]).toEqual([5, 3]);
});

test("nothing is handed out any more when turns have been stopped", () => {
  const { send, got, turns, broadcastTurns } = scene(1, 3);
  send();
  broadcastTurns.stop();
  expect(turns.next()).toBe(false);
  expect(got.flat()).toHaveLength(1);
});

type Step = "send" | "join" | "leave" | "catch up" | "turn";

test("whatever happens, each row gets all that was broadcast while it was there, once and in order", () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom<Step>("send", "send", "join", "leave", "catch up", "turn"), fc.nat(9)),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (size, list) => {
      const turns = new Turns();
      const limits = { topicLogMessages: 5, topicLogBytes: 100_000 };
      const live = new LiveRows(new BroadcastTurns(turns, size), limits);
      const present: { row: ChannelRow; got: number[]; since: number }[] = [];
      let offset = 0;
      const catchUp = (member: (typeof present)[number]): void => {
        live.catchUp(member.row);
        expect(member.got).toEqual(Array.from({ length: offset - member.since }, (_, n) => member.since + 1 + n));
      };
      for (const [step, index] of list) {
        const member = present[index % Math.max(1, present.length)];
        if (step === "send") live.send(new Broadcast(frame, ++offset, undefined, undefined));
        else if (step === "turn") turns.next();
        else if (step === "join") {
          const got: number[] = [];
          const row = rowOf(got);
          live.add(row);
          present.push({ row, got, since: offset });
        } else if (member !== undefined) {
          catchUp(member);
          if (step === "leave") {
            live.delete(member.row);
            present.splice(present.indexOf(member), 1);
          }
        }
      }
      while (turns.next());
      for (const member of present) catchUp(member);
      expect(live.isLeft).toBe(false);
    }),
    { numRuns: 500 },
  );
});
