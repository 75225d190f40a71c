import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Actor, type ActorRef, type AnyRef, BadArgumentError, type MonitorRef, sys } from "../../src/index.js";
import { addressOf } from "../../src/cluster/remote-address.js";
import { cellBehind, TwoNodes } from "./two-nodes.js";

/** Does to other actors what it is told, and keeps what it hears. */
class Party extends Actor<unknown[]> {
  #heard: unknown[] = [];
  readonly #made: MonitorRef[] = [];
  override init(heard: unknown[]): void {
    this.#heard = heard;
    this.trapExit();
  }
  bind(ref: AnyRef): void {
    this.link(ref);
  }
  unbind(ref: AnyRef): void {
    this.unlink(ref);
  }
  watch(ref: AnyRef): void {
    this.#made.push(this.monitor(ref));
  }
  unwatch(): void {
    for (const made of this.#made) this.demonitor(made);
  }
  note(value: unknown): unknown {
    this.#heard.push(value);
    return value;
  }
  override handleDown({ reason }: { reason: unknown }): void {
    this.#heard.push(["down", reason]);
  }
  override handleExit({ reason }: { reason: unknown }): void {
    this.#heard.push(["exit", reason]);
  }
}

let nodes: TwoNodes;
let one: ActorRef<Party>;
let two: ActorRef<Party>;
/** The ref on node two of the actor on node one, and the other way round. */
let oneSeen: ActorRef<Party>;
let twoSeen: ActorRef<Party>;
const heard: [one: unknown[], two: unknown[]] = [[], []];

beforeEach(async () => {
  nodes = await TwoNodes.create();
  heard[0] = [];
  heard[1] = [];
  one = await nodes.one.system.start(Party, heard[0]);
  two = await nodes.two.system.start(Party, heard[1]);
  oneSeen = nodes.refOnTwo(one);
  twoSeen = nodes.refOnOne(two);
});

afterEach(async () => {
  await nodes.stop();
});

function links(): [number, number] {
  return [nodes.one.system.kernel.links, nodes.two.system.kernel.links];
}

/** How many on the other node are to be told of an actor's end; that it is known there is one listener more. */
function watchersOf(ref: AnyRef): number {
  return (cellBehind(ref).extras?.exitWaiters?.size ?? 0) - 1;
}

/** A frame of a node is lost, and the other one sees it by the next. */
async function loseFrameOf(which: 0 | 1): Promise<void> {
  nodes.hold(which);
  (which === 0 ? twoSeen : oneSeen).cast.note("lost");
  await nodes.settle();
  nodes.release(which, 1);
  nodes.nodes[which].beat();
}

describe("links that are made while the other side ends all relations", () => {
  it("are there on both sides or on none", async () => {
    await one.call.note(twoSeen);
    // What node one sends is under way while node two sees that a frame is missing.
    await two.call.bind(oneSeen);
    await nodes.settle();
    expect(links()).toEqual([1, 1]);
    nodes.hold(1);
    await loseFrameOf(0);
    await nodes.settle();
    // Node two has ended its relations; node one does not know yet, and makes one.
    await one.call.unbind(twoSeen);
    await one.call.bind(twoSeen);
    await nodes.settle();
    nodes.release(1);
    await nodes.settle();
    expect(links()).toEqual([0, 0]);
    expect(heard[0]).toContainEqual(["exit", "noconnection"]);
    expect(heard[1]).toContainEqual(["exit", "noconnection"]);
  });

  it("a monitor that is made meanwhile fires, and leaves nothing behind", async () => {
    nodes.hold(1);
    await loseFrameOf(0);
    await nodes.settle();
    await one.call.watch(twoSeen);
    await nodes.settle();
    nodes.release(1);
    await nodes.settle();
    expect(heard[0]).toEqual([["down", "noconnection"]]);
    expect(watchersOf(two)).toBe(0);
  });

  it("after both have ended them at once, what either relates from then on stays", async () => {
    nodes.bothSee("suspected");
    nodes.hold(0);
    nodes.hold(1);
    nodes.bothSee("up");
    await one.call.bind(twoSeen);
    await two.call.watch(oneSeen);
    await nodes.settle();
    nodes.release(0);
    nodes.release(1);
    await nodes.settle();
    expect(links()).toEqual([1, 1]);
    expect(heard).toEqual([[], []]);
    nodes.one.system.exit(one, "kill");
    await nodes.settle();
    expect(heard[1].sort()).toEqual([
      ["down", "killed"],
      ["exit", "killed"],
    ]);
  });
});

describe("ends of all relations that cross", () => {
  it("a second one of the same side ends what came between the two", async () => {
    nodes.bothSee("suspected");
    nodes.hold(0);
    nodes.hold(1);
    nodes.bothSee("up");
    await one.call.bind(twoSeen);
    await nodes.settle();
    nodes.nodes[0].member({ node: nodes.ids[1], state: "suspected" });
    nodes.nodes[0].member({ node: nodes.ids[1], state: "up" });
    nodes.release(0);
    await nodes.settle();
    nodes.release(1);
    await nodes.settle();
    expect(links()).toEqual([0, 0]);
  });

  it("what is told with a frame that shows a hole is not taken as heard before it", async () => {
    nodes.hold(1);
    oneSeen.cast.note("lost");
    await nodes.settle();
    nodes.nodes[1].member({ node: nodes.ids[0], state: "suspected" });
    nodes.nodes[1].member({ node: nodes.ids[0], state: "up" });
    await two.call.bind(oneSeen);
    await nodes.settle();
    nodes.release(1, 1);
    await nodes.settle();
    expect(links()).toEqual([1, 1]);
  });

  it("what was said before a frame came does not claim that it was heard", async () => {
    const reasons: unknown[] = [];
    nodes.hold(0);
    nodes.nodes[0].member({ node: nodes.ids[1], state: "suspected" });
    nodes.nodes[0].member({ node: nodes.ids[1], state: "up" });
    await nodes.settle();
    nodes.two.system.onExit(oneSeen, (reason) => void reasons.push(reason));
    // In the same turn, before what was said has left.
    nodes.deliverHeld(0);
    await nodes.settle();
    expect(reasons).toEqual(["noconnection"]);
    expect(watchersOf(one)).toBe(0);
  });
});

describe("what nobody needs any more", () => {
  it("a stand-in is held as long as it has a link, a monitor or a listener", async () => {
    const standIns = addressOf(cellBehind(oneSeen))?.peer?.standIns;
    expect(standIns?.held).toBe(0);
    const takeOff = nodes.two.system.onExit(oneSeen, () => undefined);
    await two.call.bind(oneSeen);
    await two.call.watch(oneSeen);
    await nodes.settle();
    expect(standIns?.held).toBe(1);
    expect(watchersOf(one)).toBe(1);
    takeOff();
    await two.call.unbind(oneSeen);
    expect(standIns?.held).toBe(1);
    await two.call.unwatch();
    await nodes.settle();
    expect(standIns?.held).toBe(0);
    expect(watchersOf(one)).toBe(0);
  });

  it("an end of all relations lets go of what was watched for the other node", async () => {
    await two.call.watch(oneSeen);
    await nodes.settle();
    expect(watchersOf(one)).toBe(1);
    nodes.bothSee("suspected");
    expect(watchersOf(one)).toBe(0);
  });

  it("the end of either side lets go of it", async () => {
    const standIns = addressOf(cellBehind(oneSeen))?.peer?.standIns;
    await two.call.bind(oneSeen);
    await two.call.watch(oneSeen);
    nodes.two.system.exit(two, "kill");
    await nodes.settle();
    expect(standIns?.held).toBe(0);
    expect(links()).toEqual([0, 0]);
    const third = await nodes.two.system.start(Party, []);
    await third.call.watch(oneSeen);
    nodes.one.system.exit(one, "kill");
    await nodes.settle();
    expect([standIns?.held, standIns?.size]).toEqual([0, 0]);
  });
});

describe("an unlink that crosses a new link", () => {
  it("takes back the link that it meant, not the new one", async () => {
    await one.call.bind(twoSeen);
    await nodes.settle();
    nodes.hold(0);
    nodes.hold(1);
    await two.call.unbind(oneSeen);
    await one.call.unbind(twoSeen);
    await one.call.bind(twoSeen);
    await nodes.settle();
    nodes.release(1);
    await nodes.settle();
    nodes.release(0);
    await nodes.settle();
    expect(links()).toEqual([1, 1]);
    nodes.two.system.exit(two, "kill");
    await nodes.settle();
    expect(heard[0]).toEqual([["exit", "killed"]]);
  });

  it("one that had heard of the link takes it back on both sides", async () => {
    await one.call.bind(twoSeen);
    await nodes.settle();
    await two.call.unbind(oneSeen);
    await nodes.settle();
    expect(links()).toEqual([0, 0]);
  });
});

describe("refs in frames whose beginning is lost", () => {
  it("a class that was described in a lost frame is no fault of the frames behind it", async () => {
    class Guest extends Actor {
      greet(): string {
        return "good day";
      }
    }
    const guest = await nodes.one.system.start(Guest);
    nodes.hold(0);
    twoSeen.cast.note({ guest });
    await nodes.settle();
    twoSeen.cast.note({ guest, again: true });
    await nodes.settle();
    nodes.release(0, 1);
    await nodes.settle();
    twoSeen.cast.note({ guest, third: true });
    await nodes.settle();
    expect(nodes.two.reports.filter(({ type }) => type === "bad_frame")).toEqual([]);
    const last = heard[1].at(-1);
    expect(last).toMatchObject({ third: true });
  });

  it("a node that only a ref tells of is no member", async () => {
    const description = { name: "Guest", messages: ["greet"] };
    const stranger = nodes.nodes[1].refOf({ name: "three", incarnation: "3a" }, 7, description);
    await one.call.note(1);
    await oneSeen.call.note(stranger);
    expect(heard[0]).toHaveLength(2);
    for (const node of nodes.nodes) {
      expect(node.members.map((member) => member.node.name)).not.toContain("three");
      expect(node.isMember({ name: "three", incarnation: "3a" })).toBe(false);
    }
  });
});

describe("what is asked of an actor of another node", () => {
  it("a time-out of any size is carried", async () => {
    for (const timeoutMs of [1e300, Number.MAX_SAFE_INTEGER, 2 ** 52, 0.5]) {
      expect(await oneSeen.callWithin(timeoutMs).note(timeoutMs)).toBe(timeoutMs);
    }
  });

  it("a getter that sends to the same node is refused, and the message around it arrives whole", async () => {
    const message = {
      before: [1, 2],
      get sends() {
        oneSeen.cast.note("from within");
        return "sent";
      },
      after: [3],
    };
    oneSeen.cast.note(message);
    await nodes.settle();
    expect(heard[0]).toEqual([{ before: [1, 2], sends: "sent", after: [3] }]);
    expect(nodes.two.reports.map(({ type }) => type)).toEqual(["cannot_carry", "dead_letter"]);
  });

  it("a listener to its end hears of it, and of a node that cannot be reached", async () => {
    const ended = nodes.two.system.exited(oneSeen);
    const other = nodes.refOnTwo(await nodes.one.system.start(Party, []));
    const reasons: unknown[] = [];
    nodes.two.system.onExit(other, (reason) => void reasons.push(reason));
    const takeOff = nodes.two.system.onExit(other, () => void reasons.push("taken off"));
    takeOff();
    await nodes.settle();
    nodes.one.system.exit(one, "kill");
    await nodes.settle();
    expect(await ended).toBe("killed");
    nodes.bothSee("suspected");
    expect(reasons).toEqual(["noconnection"]);
  });

  it("what only its own node can do is refused", async () => {
    await expect(nodes.two.system.stopActor(oneSeen)).rejects.toBeInstanceOf(BadArgumentError);
    expect(() => sys.getState(oneSeen)).toThrow(/an actor of this node/);
    expect(await oneSeen.call.note(1)).toBe(1);
  });
});
