import { describe, expect, it } from "vitest";
import { flushTurn, joinTurn } from "../../src/transport/turn-writes.js";

describe("the end of a turn", () => {
  it("comes after the microtasks and ticks of the turn, once for all writers, in the order they joined", async () => {
    const log: string[] = [];
    joinTurn({ flush: () => log.push("first") });
    joinTurn({ flush: () => log.push("second") });
    process.nextTick(() => log.push("tick"));
    void Promise.resolve().then(() => log.push("microtask"));
    await new Promise(setImmediate);
    expect(log.slice(2)).toEqual(["first", "second"]);
  });

  it("puts what a flush causes into the next turn", async () => {
    const log: string[] = [];
    joinTurn({ flush: () => joinTurn({ flush: () => log.push("later") }) });
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    await new Promise(setImmediate);
    expect(log).toEqual(["later"]);
  });

  it("can be brought forward", () => {
    const log: string[] = [];
    joinTurn({ flush: () => log.push("now") });
    flushTurn();
    expect(log).toEqual(["now"]);
  });
});
