import { expect, test } from "vitest";
import { Channel } from "../../../actors/index.js";
import { RouteTable } from "../../../actors/channel/route-table.js";
import { HeartbeatMembers } from "../../../actors/connection/heartbeat.js";
import { resolveLimits } from "../../../actors/endpoint/options.js";
import { decideAttach, nextAttempt } from "../../../actors/session/attach-rule.js";
import { DelayQueue } from "../../../actors/session/delay-queue.js";
import { Secrets } from "../../../actors/session/secrets.js";
import { SessionDirectory } from "../../../actors/session/session-directory.js";
import { Actor } from "../../../src/index.js";
import { createTestSystem, createVirtualClock } from "../../../src/testing/index.js";
import { endpoint, hello } from "./room.js";

const request = { sid: "s", secret: "x", epoch: 1, rx: 5, txFirst: 3, txNext: 4 };
const position = { tx: 9, acknowledged: 4, rx: 2 };

test("a client whose numbers fit gets its session", () => {
  expect(decideAttach("current", true, request, position)).toEqual({ kind: "attach", presented: "current" });
  expect(decideAttach("previous", true, { ...request, rx: 4 }, position)).toEqual({
    kind: "attach",
    presented: "previous",
  });
});

test("a stolen secret revokes, a wrong one is unknown, before anything else is looked at", () => {
  expect(decideAttach("retired", false, { ...request, rx: 99 }, position)).toEqual({ kind: "revoke" });
  expect(decideAttach("wrong", true, request, position)).toEqual({ kind: "refuse", reason: "unknown" });
});

test("numbers that cannot be are corrupt; what is no longer kept is a gap", () => {
  expect(decideAttach("current", true, { ...request, rx: 10 }, position)).toEqual({
    kind: "refuse",
    reason: "corrupt",
  });
  expect(decideAttach("current", true, { ...request, txFirst: 4, txNext: 4 }, position)).toEqual({
    kind: "refuse",
    reason: "corrupt",
  });
  expect(decideAttach("current", true, { ...request, rx: 3 }, position)).toEqual({ kind: "refuse", reason: "gap" });
});

test("a hello that was held up, with a secret that has been replaced since, is stale: not let in, and no theft", () => {
  const late = (attempt: number) => ({ ...request, attempt });
  for (const verdict of ["previous", "retired"] as const) {
    expect(decideAttach(verdict, true, late(2), position, 2)).toEqual({ kind: "stale" });
    expect(decideAttach(verdict, true, late(1), position, 2)).toEqual({ kind: "stale" });
  }
  expect(decideAttach("previous", true, late(3), position, 2)).toEqual({ kind: "attach", presented: "previous" });
  expect(decideAttach("retired", true, late(3), position, 2)).toEqual({ kind: "revoke" });
  // The answer to none was lost: there is nothing that it could take over from.
  expect(decideAttach("current", true, late(1), position, 2)).toEqual({ kind: "attach", presented: "current" });
  expect(decideAttach("wrong", true, late(1), position, 2)).toEqual({ kind: "refuse", reason: "unknown" });
  expect(decideAttach("previous", false, late(1), position, 2)).toEqual({ kind: "refuse", reason: "auth" });
});

test("of a client that does not count its hellos nothing is stale, and one that counts goes on counting", () => {
  expect(decideAttach("previous", true, request, position, 0)).toEqual({ kind: "attach", presented: "previous" });
  expect(decideAttach("retired", true, request, position, 0)).toEqual({ kind: "revoke" });
  expect(decideAttach("previous", true, request, position, 2)).toEqual({ kind: "stale" });
  expect(decideAttach("retired", true, request, position, 2)).toEqual({ kind: "revoke" });
});

test("who counts too high keeps the session's owner out for 16 attempts at most", () => {
  const afterTheft = nextAttempt(3, { ...request, attempt: Number.MAX_SAFE_INTEGER });
  expect(afterTheft).toBe(19);
  expect(decideAttach("retired", true, { ...request, attempt: 20 }, position, afterTheft)).toEqual({ kind: "revoke" });
  expect([nextAttempt(3, { ...request, attempt: 4 }), nextAttempt(3, request), nextAttempt(0, request)]).toEqual([
    4, 3, 0,
  ]);
});

test("a secret is good until the client has shown the next one; then its use is theft", () => {
  const secrets = new Secrets();
  const first = secrets.rotate("none");
  expect(secrets.check(first)).toBe("current");
  const second = secrets.rotate("current");
  expect([secrets.check(first), secrets.check(second)]).toEqual(["previous", "current"]);
  secrets.confirm();
  expect([secrets.check(first), secrets.check(second), secrets.check("")]).toEqual(["retired", "current", "wrong"]);
});

test("when the answer with a secret was lost, that secret is worth nothing and the one before goes on", () => {
  const secrets = new Secrets();
  const first = secrets.rotate("none");
  const lost = secrets.rotate("current");
  const third = secrets.rotate("previous");
  expect([secrets.check(first), secrets.check(lost), secrets.check(third)]).toEqual(["previous", "wrong", "current"]);
});

test("a secret is worth nothing when its client has come with the next one, also if it has never confirmed that", () => {
  const secrets = new Secrets();
  const first = secrets.rotate("none");
  const second = secrets.rotate("current");
  const third = secrets.rotate("current");
  expect([first, second, third].map((secret) => secrets.check(secret))).toEqual(["retired", "previous", "current"]);
});

test("secrets are 256 random bits", () => {
  const secrets = new Secrets();
  const made = new Set(Array.from({ length: 100 }, () => secrets.rotate("none")));
  expect(made.size).toBe(100);
  for (const secret of made) expect(Buffer.from(secret, "base64url")).toHaveLength(32);
});

test("a delay queue calls back in order, each after its own delay, with one timer", async () => {
  const clock = createVirtualClock();
  const due: string[] = [];
  const queue = new DelayQueue<string>(clock, 100, (item) => due.push(item));
  queue.add("a");
  await clock.advance(60);
  queue.add("b");
  expect([clock.armed, queue.length]).toEqual([1, 2]);
  await clock.advance(40);
  expect(due).toEqual(["a"]);
  await clock.advance(60);
  expect([due, clock.armed]).toEqual([["a", "b"], 0]);
  queue.add("c");
  queue.stop();
  await clock.advance(1_000);
  expect([due, clock.armed]).toEqual([["a", "b"], 0]);
});

test("the directory remembers why sessions ended, the latest 10,000 of them", async () => {
  const directory = new SessionDirectory(resolveLimits());
  const end = await endpoint();
  const session = end.context.directory.find((await hello(end)).sid);
  if (session === undefined) throw new Error("expected a session");
  for (let n = 0; n < 10_001; n++) directory.remove(`s${n}`, session, undefined, "expired");
  directory.remove("quiet", session, undefined, undefined);
  expect([directory.whyGone("s0"), directory.whyGone("s1"), directory.whyGone("quiet")]).toEqual([
    "unknown",
    "expired",
    "unknown",
  ]);
  await end.stop();
});

class One extends Channel {}
class Two extends Channel {}
class Three extends Channel {}

test("an exact topic wins over a pattern, and a longer pattern over a shorter one", () => {
  const routes = new RouteTable({ "*": One, "room:*": Two, "room:vip": Three });
  expect([routes.find("x"), routes.find("room:1"), routes.find("room:vip"), routes.find("room:vip2")]).toEqual([
    One,
    Two,
    Three,
    Two,
  ]);
  expect(new RouteTable({ "room:*": Two }).find("lobby")).toBeUndefined();
  expect(new RouteTable({ "room:*": Two }).find("__proto__")).toBeUndefined();
});

test("a route that makes no sense is refused with what was expected", () => {
  expect(() => new RouteTable({ "ro*om": One })).toThrow(/Expected a topic, or a pattern with one \* at its end/);
  expect(() => new RouteTable({ "": One })).toThrow(/Expected a topic/);
  expect(() => new RouteTable({ phoenix: One })).toThrow(/belongs to the protocol/);
  expect(() => new RouteTable({ a: JSON.parse("{}") })).toThrow(/to be a class that extends Channel/);
});

test("a limit that is unknown or no number is refused", () => {
  expect(resolveLimits({ heartbeatMs: 5 }).heartbeatMs).toBe(5);
  expect(() => resolveLimits(JSON.parse('{"heartbeat":5}'))).toThrow(
    /Unknown limit "heartbeat"; there are payloadBytes/,
  );
  expect(() => resolveLimits({ heartbeatMs: 0 })).toThrow(
    /Expected the limit heartbeatMs to be a number from 1, got 0/,
  );
});

class Beaten extends Actor<{ beats: number }> {
  #counter = { beats: 0 };

  override init(counter: { beats: number }): void {
    this.#counter = counter;
  }

  beat(): void {
    this.#counter.beats++;
  }

  drain(): void {}
}

test("every member is beaten once per round of 25 turns, and those that have ended are forgotten", async () => {
  const { system, clock, stop } = await createTestSystem();
  const members = new HeartbeatMembers();
  const counter = { beats: 0 };
  const refs = Array.from({ length: 60 }, () => system.spawn(Beaten, counter));
  for (const ref of refs) members.add(ref);
  for (const ref of refs.slice(0, 10)) await system.stopActor(ref);
  for (let turn = 0; turn < 25; turn++)
    for (const ref of members.takeTurn((one) => system.isAlive(one))) ref.cast.beat();
  await clock.settle();
  expect([counter.beats, members.size]).toEqual([50, 50]);
  await stop();
});
