import * as fc from "fast-check";
import { Presence as PhoenixPresence } from "phoenix";
import { describe, expect, it } from "vitest";
import { Presence, type PresenceDiff } from "../../src/client/index.js";
import { Stage } from "./stage.js";

type Callback = (payload: never) => void;

/** The channel of a presence, played by the test. */
class FakeChannel {
  joinRef: string | null = "1";
  readonly #callbacks = new Map<string, Callback>();

  on(event: string, callback: Callback): number {
    this.#callbacks.set(event, callback);
    return this.#callbacks.size;
  }

  send(event: string, payload: unknown): void {
    this.#callbacks.get(event)?.(payload as never);
  }
}

const metas = (...refs: string[]): { metas: { phx_ref: string }[] } => ({
  metas: refs.map((phx_ref) => ({ phx_ref })),
});

function watched(channel: FakeChannel): { presence: Presence; heard: unknown[] } {
  const presence = new Presence(channel);
  const heard: unknown[] = [];
  presence.onJoin((key, current, changed) => heard.push(["join", key, current, changed]));
  presence.onLeave((key, current, changed) => heard.push(["leave", key, current, changed]));
  presence.onSync(() => heard.push("sync"));
  return { presence, heard };
}

describe("a presence", () => {
  it("takes over the state, and tells each key that has come and gone by diffs", () => {
    const channel = new FakeChannel();
    const { presence, heard } = watched(channel);
    channel.send("presence_state", { ada: metas("1"), bob: metas("2") });
    channel.send("presence_diff", { joins: { ada: metas("3") }, leaves: { bob: metas("2") } });
    expect(presence.state).toEqual({ ada: metas("1", "3") });
    expect(heard).toEqual([
      ["join", "ada", undefined, metas("1")],
      ["join", "bob", undefined, metas("2")],
      "sync",
      ["join", "ada", metas("1"), metas("3")],
      ["leave", "bob", metas(), metas("2")],
      "sync",
    ]);
    expect(presence.list()).toEqual([metas("1", "3")]);
    expect(presence.list((key, { metas }) => `${key}:${metas.length}`)).toEqual(["ada:2"]);
  });

  it("keeps diffs until the state of the present join has come", () => {
    const channel = new FakeChannel();
    const { presence, heard } = watched(channel);
    channel.send("presence_diff", { joins: { bob: metas("2") }, leaves: {} });
    expect([presence.state, heard]).toEqual([{}, []]);
    channel.send("presence_state", { ada: metas("1") });
    expect(presence.list((key) => key)).toEqual(["ada", "bob"]);
    channel.joinRef = "9";
    channel.send("presence_diff", { joins: {}, leaves: { ada: metas("1") } });
    expect(presence.list((key) => key)).toEqual(["ada", "bob"]);
    channel.send("presence_state", { ada: metas("1"), cyd: metas("5") });
    expect(presence.list((key) => key)).toEqual(["cyd"]);
  });

  it("knows keys that are called like members of every object", () => {
    const channel = new FakeChannel();
    const { presence } = watched(channel);
    channel.send("presence_state", JSON.parse('{"__proto__":{"metas":[{"phx_ref":"1"}]}}'));
    channel.send("presence_diff", { joins: { constructor: metas("2") }, leaves: { toString: metas("3") } });
    expect(presence.list((key) => key)).toEqual(["__proto__", "constructor"]);
  });

  it("goes on over a resume, and takes the new state after a lost session", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const presence = new Presence<{ name: string }>(room);
    stage.send("room:1", "presence_state", { ada: metas("1") }, room.joinRef);
    stage.reconnect();
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    stage.send("room:1", "presence_diff", { joins: { bob: metas("2") }, leaves: {} });
    expect(presence.list((key) => key)).toEqual(["ada", "bob"]);
    stage.reconnect();
    stage.welcome({ sid: "s2", resumed: false, reason: "expired" });
    stage.reply(stage.wire.of("phx_join")[0]);
    stage.send("room:1", "presence_diff", { joins: { cyd: metas("4") }, leaves: {} });
    expect(presence.list((key) => key)).toEqual(["ada", "bob"]);
    stage.send("room:1", "presence_state", { bob: metas("3") }, room.joinRef);
    expect(presence.list((key) => key)).toEqual(["bob", "cyd"]);
  });

  it("says and does what that of phoenix.js says and does, whatever comes", () => {
    const refs = fc.uniqueArray(fc.constantFrom("1", "2", "3", "4", "5"), { minLength: 1, maxLength: 3 });
    const entries = fc.dictionary(
      fc.constantFrom("a", "b", "c"),
      refs.map((some) => metas(...some)),
    );
    const diffs: fc.Arbitrary<PresenceDiff> = fc.record({ joins: entries, leaves: entries });
    const steps = fc.array(
      fc.oneof(
        fc.record({
          event: fc.constant("presence_state"),
          payload: entries,
        }),
        fc.record({
          event: fc.constant("presence_diff"),
          payload: diffs,
        }),
        fc.record({ event: fc.constant("join"), payload: fc.constant({}) }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const ours = new FakeChannel();
        const { presence, heard } = watched(ours);
        const theirs = new FakeChannel();
        const phoenix = new PhoenixPresence({
          joinRef: () => theirs.joinRef,
          on: (event, callback) => theirs.on(event, callback),
        });
        const phoenixHeard: unknown[] = [];
        const copy = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
        phoenix.onJoin((key, current, changed) => phoenixHeard.push(["join", key, copy(current), copy(changed)]));
        phoenix.onLeave((key, current, changed) => phoenixHeard.push(["leave", key, copy(current), copy(changed)]));
        phoenix.onSync(() => phoenixHeard.push("sync"));
        for (const [i, { event, payload }] of script.entries()) {
          if (event === "join") {
            ours.joinRef = theirs.joinRef = `j${i}`;
          } else {
            ours.send(event, copy(payload));
            theirs.send(event, copy(payload));
          }
        }
        const order = (list: unknown[]): string[] => list.map((each) => JSON.stringify(each)).sort();
        expect(presence.state).toEqual(phoenix.state);
        expect(order(heard)).toEqual(order(phoenixHeard));
      }),
      { numRuns: 500 },
    );
  });
});
