import type { ActorRef } from "holdfast";
import { child, Supervisor } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { expect, test } from "vitest";
import { Counter, Forwarder, type Journal, Relay } from "./stages.js";

class Line extends Supervisor<Journal> {
  override init(journal: Journal) {
    const forwarder = (name: string) =>
      child(Forwarder, { id: name, args: { journal, name, subscribeTo: [{ to: "relay" }] } });
    return {
      strategy: "rest_for_one",
      intensity: 1,
      children: [
        child(Counter, { id: "counter", name: "counter", args: { from: Number.NaN } }),
        child(Relay, {
          id: "relay",
          name: "relay",
          args: { journal: [], options: { subscribeTo: [{ to: "counter" }] } },
        }),
        forwarder("a"),
        forwarder("b"),
        forwarder("c"),
      ],
    } as const;
  }
}

test("a line under rest_for_one costs one restart when its producer crashes, and goes on", async () => {
  const journal: Journal = [];
  const { system, clock, reports, stop } = await createTestSystem({ root: Line, rootArgs: journal });
  const counter = (): ActorRef<Counter> | undefined => system.whereis<Counter>("counter");
  await clock.settle();
  counter()?.cast.queue([1]);
  await clock.settle();
  const before = counter();
  before?.cast.crash();
  await clock.settle();
  expect(counter()).not.toBe(before);
  counter()?.cast.queue([2]);
  await clock.settle();
  expect(journal.filter((note) => Array.isArray(note) && note[1] === "consumed")).toMatchObject([
    [expect.any(String), "consumed", [1]],
    [expect.any(String), "consumed", [2]],
  ]);
  expect(reports.filter(({ type, level }) => type === "crash" && level === "error").length).toBeGreaterThan(0);
  await stop();
});
