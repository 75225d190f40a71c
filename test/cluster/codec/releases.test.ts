import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CODEC_VERSION, OLDEST_CODEC_VERSION } from "../../../src/cluster/codec/tags.js";
import { Actor, type ActorRef } from "../../../src/index.js";
import { asRef } from "../../../src/kernel/actor.js";
import { cellBehind, TwoNodes } from "../two-nodes.js";

let nodes: TwoNodes;

beforeEach(async () => {
  nodes = await TwoNodes.create();
});

afterEach(async () => {
  await nodes.stop();
});

/** A class as the older release has it. */
class OlderCounter extends Actor {
  #n = 0;
  add(k: number): number {
    return (this.#n += k);
  }
  oldOnly(): string {
    return "old";
  }
  value(): number {
    return this.#n;
  }
}

/** The same class in the newer release: a message was added in front, one is gone. */
class NewerCounter extends Actor {
  #n = 100;
  reset(): void {
    this.#n = 0;
  }
  value(): number {
    return this.#n;
  }
  add(k: number): number {
    return (this.#n += k);
  }
}

describe("two releases side by side", () => {
  it("a message reaches the method of its name, wherever that stands in either release", async () => {
    Object.defineProperty(NewerCounter, "name", { value: OlderCounter.name });
    const old = nodes.refOnTwo(await nodes.one.system.start(OlderCounter));
    const young = nodes.refOnOne(await nodes.two.system.start(NewerCounter));
    expect(await old.call.add(1)).toBe(1);
    expect(await old.call.value()).toBe(1);
    expect(await young.call.add(1)).toBe(101);
    young.cast.reset();
    expect(await young.call.value()).toBe(0);
  });

  it("a method that the callee's release lacks is no function of the ref", async () => {
    const young = nodes.refOnOne(await nodes.two.system.start(NewerCounter));
    expect(Reflect.get(young.call, "oldOnly")).toBeUndefined();
    const old = nodes.refOnTwo(await nodes.one.system.start(OlderCounter));
    expect(Reflect.get(old.cast, "reset")).toBeUndefined();
  });

  it("a number that the callee's class does not have is refused, and runs nothing", async () => {
    const here = await nodes.one.system.start(OlderCounter);
    nodes.nodes[0].exported.add(cellBehind(here));
    // As no honest node describes it: with one message more than the class has.
    const messages = ["add", "oldOnly", "value", "handleInfoToo"];
    const there = asRef<{ handleInfoToo(): void }>(
      nodes.nodes[1].refOf(nodes.ids[0], here.id, { name: "OlderCounter", messages }),
    );
    await expect(there.call.handleInfoToo()).rejects.toMatchObject({ code: "noproc", reason: { unknown_message: 3 } });
    there.cast.handleInfoToo();
    await nodes.settle();
    expect(await here.call.value()).toBe(0);
  });

  it("a frame of a release that is too far away is reported with what to do, and changes nothing", async () => {
    const there: ActorRef<OlderCounter> = nodes.refOnTwo(await nodes.one.system.start(OlderCounter));
    for (const version of [OLDEST_CODEC_VERSION - 1, CODEC_VERSION + 1, 255]) {
      nodes.nodes[1].frame(nodes.ids[0], new Uint8Array([version, 7, 1, 65, 1]));
    }
    const reports = nodes.two.reports.filter(({ type }) => type === "bad_frame");
    expect(reports.map(({ details }) => details?.["code"])).toEqual(Array.from({ length: 3 }, () => "unknown_version"));
    expect(reports[0]?.text).toMatch(/update the older node first/);
    expect(await there.call.add(2)).toBe(2);
  });
});
