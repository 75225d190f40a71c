import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Actor, type ActorRef, type AnyRef, type Deferred, type Down, type Exit } from "../../src/index.js";
import { asRef } from "../../src/kernel/actor.js";
import { cellBehind, TwoNodes } from "./two-nodes.js";

class Counter extends Actor {
  #n = 0;
  readonly #seen: unknown[] = [];
  add(k: number): number {
    return (this.#n += k);
  }
  addBoth(a: number, b: number): number {
    return (this.#n += a + b);
  }
  value(): number {
    return this.#n;
  }
  echo(value: unknown): unknown {
    return value;
  }
  seen(): unknown[] {
    return this.#seen;
  }
  never(): Deferred<number> {
    return this.defer();
  }
  whoAsks(): Deferred<AnyRef | undefined> {
    const later = this.defer<AnyRef | undefined>();
    later.reply(later.caller);
    return later;
  }
  crash(): void {
    throw new TypeError("the counter is broken");
  }
  end(reason: unknown): void {
    this.stop(reason);
  }
  override handleInfo(message: unknown): void {
    this.#seen.push(message);
  }
}

interface Trace {
  readonly downs: Down[];
  readonly exits: Exit[];
}

class Watcher extends Actor<Trace> {
  #trace: Trace = { downs: [], exits: [] };
  override init(trace: Trace): void {
    this.#trace = trace;
    this.trapExit();
  }
  watch(ref: AnyRef): void {
    this.monitor(ref);
  }
  bind(ref: AnyRef): void {
    this.link(ref);
  }
  unbind(ref: AnyRef): void {
    this.unlink(ref);
  }
  kill(ref: AnyRef, reason: unknown): void {
    this.exit(ref, reason);
  }
  ask(ref: ActorRef<Counter>): Promise<unknown> {
    return ref.call.whoAsks();
  }
  override handleDown(down: Down): void {
    this.#trace.downs.push(down);
  }
  override handleExit(exit: Exit): void {
    this.#trace.exits.push(exit);
  }
}

let nodes: TwoNodes;

beforeEach(async () => {
  nodes = await TwoNodes.create();
});

afterEach(async () => {
  await nodes.stop();
});

async function counterOnOne(): Promise<{ here: ActorRef<Counter>; there: ActorRef<Counter> }> {
  const here = await nodes.one.system.start(Counter);
  return { here, there: nodes.refOnTwo(here) };
}

async function watcherOnTwo(): Promise<{ watcher: ActorRef<Watcher>; trace: Trace }> {
  const trace: Trace = { downs: [], exits: [] };
  return { watcher: await nodes.two.system.start(Watcher, trace), trace };
}

describe("messages", () => {
  it("a call of an actor of another node gets its reply", async () => {
    const { there } = await counterOnOne();
    expect(await there.call.add(2)).toBe(2);
    expect(await there.call.addBoth(3, 4)).toBe(9);
    expect(await there.call.value()).toBe(9);
  });

  it("casts and sends arrive, in the order in which they were sent", async () => {
    const { here, there } = await counterOnOne();
    there.cast.add(5);
    there.send({ note: 1 });
    there.send({ note: 2 });
    there.cast.addBoth(1, 1);
    await nodes.settle();
    expect(await here.call.value()).toBe(7);
    expect(await here.call.seen()).toEqual([{ note: 1 }, { note: 2 }]);
  });

  it("what is sent in one turn leaves in one frame", async () => {
    const { there } = await counterOnOne();
    for (let k = 0; k < 100; k++) there.cast.add(1);
    await nodes.settle();
    expect(nodes.frames).toBe(1);
    expect(await there.call.value()).toBe(100);
  });

  it("a ref that comes home is the actor itself", async () => {
    const { here, there } = await counterOnOne();
    const { watcher } = await watcherOnTwo();
    expect(await there.call.echo(there)).toBe(there);
    await there.call.echo({ home: there });
    expect(await here.call.echo(here)).toBe(here);
    expect(watcher).toBeDefined();
  });

  it("one actor has one ref as long as anybody holds it", async () => {
    const { here } = await counterOnOne();
    expect(nodes.refOnTwo(here)).toBe(nodes.refOnTwo(here));
  });

  it("a ref of another node shows that node's name", async () => {
    const { here, there } = await counterOnOne();
    expect(String(there)).toBe(`<one.${here.id}>`);
  });

  it("the callee knows who asks, and can answer later", async () => {
    const { there } = await counterOnOne();
    const { watcher } = await watcherOnTwo();
    expect(await watcher.call.ask(there)).toBe(watcher);
  });

  it("each call has a time of its own, whatever that of the call before", async () => {
    const { there } = await counterOnOne();
    const ended: string[] = [];
    const note = (name: string, reply: Promise<number>): void => {
      reply.catch((error: unknown) => ended.push(`${name} ${String(Reflect.get(Object(error), "code"))}`));
    };
    note("short", there.callWithin(10).never());
    note("long", there.callWithin(1_000).never());
    note("short again", there.callWithin(10).never());
    await nodes.settle();
    for (const { clock } of [nodes.one, nodes.two]) await clock.advance(500);
    await nodes.settle();
    expect(ended).toEqual(["short timeout", "short again timeout"]);
    for (const { clock } of [nodes.one, nodes.two]) await clock.advance(500);
    await nodes.settle();
    expect(ended.at(-1)).toBe("long timeout");
  });

  it("a message that only another release has is noproc, and a cast of it changes nothing", async () => {
    const second = await nodes.one.system.start(Counter);
    const { messages } = nodes.nodes[0].exported.add(cellBehind(second));
    const description = { name: "Counter", messages: [...messages, "later"] };
    const ref = asRef<{ later(): number }>(nodes.nodes[1].refOf(nodes.ids[0], second.id, description));
    await expect(ref.call.later()).rejects.toMatchObject({
      code: "noproc",
      reason: { unknown_message: messages.length },
    });
    ref.cast.later();
    await nodes.settle();
    expect(await second.call.value()).toBe(0);
  });

  it("what a class does not offer is no function of the ref", async () => {
    const { there } = await counterOnOne();
    expect(Reflect.get(there.call, "handleInfo")).toBeUndefined();
    expect(Reflect.get(there.cast, "constructor")).not.toBe(Counter);
  });
});

describe("calls that fail", () => {
  it("the error of a callee that crashes is the cause of the caller's", async () => {
    const { there } = await counterOnOne();
    const failed = await there.call.crash().catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: "exit",
      reason: { error: { name: "TypeError", message: "the counter is broken" } },
    });
  });

  it("an actor that has ended is noproc", async () => {
    const { here, there } = await counterOnOne();
    await nodes.one.system.stopActor(here);
    await expect(there.call.value()).rejects.toMatchObject({ code: "noproc" });
  });

  it("times out by the caller's clock, and the late reply is dropped", async () => {
    const { there } = await counterOnOne();
    const failed = there
      .callWithin(1_000)
      .never()
      .catch((error: unknown) => error);
    await nodes.settle();
    await nodes.two.clock.advance(1_001);
    expect(await failed).toMatchObject({ code: "timeout" });
  });

  it("an argument that cannot be carried is refused with the name of its field", async () => {
    const { there } = await counterOnOne();
    const failed = await there.call.echo({ list: [1, () => 2] }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "cannot_carry", reason: { field: "$.list[1]" } });
  });

  it("a cast with an argument that cannot be carried is reported, and a dead letter", async () => {
    const { there } = await counterOnOne();
    there.cast.echo(Symbol("local"));
    await nodes.settle();
    expect(nodes.two.reports.some(({ type }) => type === "cannot_carry")).toBe(true);
    expect(nodes.two.system.deadLetters.total).toBe(1);
  });

  it("a node that goes down fails the calls under way, and later ones at once", async () => {
    const { there } = await counterOnOne();
    const failed = there
      .callWithin(Number.POSITIVE_INFINITY)
      .never()
      .catch((error: unknown) => error);
    await nodes.settle();
    nodes.bothSee("down");
    expect(await failed).toMatchObject({ code: "exit", reason: "noconnection" });
    await expect(there.call.value()).rejects.toMatchObject({ code: "noproc", reason: "noconnection" });
  });

  it("a suspected node fails calls at once, and is used again when it is back", async () => {
    const { there } = await counterOnOne();
    nodes.bothSee("suspected");
    await expect(there.call.value()).rejects.toMatchObject({ code: "noproc", reason: "noconnection" });
    nodes.bothSee("up");
    expect(await there.call.add(1)).toBe(1);
  });
});

describe("monitors", () => {
  it("a monitor fires once with the reason", async () => {
    const { here, there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await watcher.call.watch(there);
    await watcher.call.watch(there);
    await nodes.settle();
    here.cast.end({ shutdown: "closing time" });
    await nodes.settle();
    expect(trace.downs.map(({ ref, reason }) => ({ ref, reason }))).toEqual([
      { ref: there, reason: { shutdown: "closing time" } },
      { ref: there, reason: { shutdown: "closing time" } },
    ]);
  });

  it("a monitor on an actor that has ended fires with noproc", async () => {
    const { here, there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await nodes.one.system.stopActor(here);
    await watcher.call.watch(there);
    await nodes.settle();
    expect(trace.downs).toMatchObject([{ reason: "noproc" }]);
  });

  it("a DOWN comes behind what its actor had sent", async () => {
    const order: string[] = [];
    class Listener extends Actor<AnyRef> {
      override init(target: AnyRef): void {
        this.monitor(target);
      }
      note(text: string): void {
        order.push(text);
      }
      override handleDown(): void {
        order.push("down");
      }
    }
    class Talker extends Actor {
      sayAndEnd(to: ActorRef<Listener>): void {
        to.cast.note("first");
        to.cast.note("last");
        this.stop();
      }
    }
    const talker = nodes.refOnTwo(await nodes.one.system.start(Talker));
    const listener = await nodes.two.system.start(Listener, talker);
    talker.cast.sayAndEnd(listener);
    await nodes.settle();
    expect(order).toEqual(["first", "last", "down"]);
  });

  it("a lost node is DOWN with noconnection, once", async () => {
    const { there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await watcher.call.watch(there);
    await nodes.settle();
    nodes.bothSee("suspected");
    nodes.bothSee("down");
    await nodes.settle();
    expect(trace.downs).toMatchObject([{ ref: there, reason: "noconnection" }]);
  });

  it("a monitor that is made while its node is suspected fires with noconnection", async () => {
    const { there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    nodes.bothSee("suspected");
    await watcher.call.watch(there);
    await nodes.settle();
    expect(trace.downs).toMatchObject([{ reason: "noconnection" }]);
  });
});

describe("links and exit signals", () => {
  it("an exit crosses a link, whichever end dies", async () => {
    const { here, there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await watcher.call.bind(there);
    await nodes.settle();
    here.cast.end("broken");
    await nodes.settle();
    expect(trace.exits).toEqual([{ ref: there, reason: "broken" }]);
    const second = await counterOnOne();
    await watcher.call.bind(second.there);
    await nodes.settle();
    nodes.two.system.exit(watcher, "kill");
    await nodes.settle();
    expect(nodes.one.system.exitReason(second.here)).toBe("killed");
  });

  it("an unlinked actor hears nothing", async () => {
    const { here, there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await watcher.call.bind(there);
    await watcher.call.unbind(there);
    await nodes.settle();
    here.cast.end("broken");
    await nodes.settle();
    expect(trace.exits).toEqual([]);
    expect(nodes.one.system.kernel.links + nodes.two.system.kernel.links).toBe(0);
  });

  it("a link to an actor that has ended exits with noproc", async () => {
    const { here, there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await nodes.one.system.stopActor(here);
    await watcher.call.bind(there);
    await nodes.settle();
    expect(trace.exits).toMatchObject([{ reason: "noproc" }]);
  });

  it("a kill from another node cannot be trapped", async () => {
    const { here, there } = await counterOnOne();
    const { watcher } = await watcherOnTwo();
    await watcher.call.kill(there, "kill");
    await nodes.settle();
    expect(nodes.one.system.exitReason(here)).toBe("killed");
  });

  it("a lost node breaks the links on both sides", async () => {
    const { here, there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await watcher.call.bind(there);
    await nodes.settle();
    nodes.bothSee("down");
    await nodes.settle();
    expect(trace.exits).toMatchObject([{ reason: "noconnection" }]);
    expect(nodes.one.system.exitReason(here)).toBe("noconnection");
  });
});

describe("frames that are lost", () => {
  it("a missing frame ends the relations of both sides with noconnection", async () => {
    const { there } = await counterOnOne();
    const { watcher, trace } = await watcherOnTwo();
    await watcher.call.watch(there);
    const failed = there
      .callWithin(Number.POSITIVE_INFINITY)
      .never()
      .catch((error: unknown) => error);
    await nodes.settle();
    nodes.loses = 1;
    there.cast.add(1);
    await nodes.settle();
    there.cast.add(1);
    await nodes.settle();
    expect(trace.downs).toMatchObject([{ reason: "noconnection" }]);
    expect(await failed).toMatchObject({ reason: "noconnection" });
    expect(await there.call.value()).toBe(1);
  });

  it("a frame that is not taken is known here at once", async () => {
    const { there } = await counterOnOne();
    nodes.refuses = true;
    await expect(there.callWithin(Number.POSITIVE_INFINITY).value()).rejects.toMatchObject({ reason: "noconnection" });
  });

  it("a frame that comes twice is heard once", async () => {
    const { here, there } = await counterOnOne();
    const [one] = nodes.nodes;
    const seen: Uint8Array[] = [];
    const { frame } = one;
    one.frame = (from, bytes) => {
      seen.push(bytes);
      frame.call(one, from, bytes);
    };
    there.cast.add(1);
    await nodes.settle();
    for (const bytes of seen) frame.call(one, nodes.ids[1], bytes);
    await nodes.settle();
    expect(await here.call.value()).toBe(1);
  });

  it("a frame for another life of this node is dropped, also behind those that were for it", async () => {
    const { here, there } = await counterOnOne();
    there.cast.add(1);
    await nodes.settle();
    const seen: Uint8Array[] = [];
    const [one] = nodes.nodes;
    const { frame } = one;
    one.frame = (_from, bytes) => void seen.push(bytes);
    there.cast.add(10);
    await nodes.settle();
    const [genuine = new Uint8Array()] = seen;
    const text = Buffer.from(genuine).toString("latin1");
    expect(text).toContain("1a");
    frame.call(one, nodes.ids[1], Buffer.from(text.replace("1a", "1b"), "latin1"));
    await nodes.settle();
    expect(await here.call.value()).toBe(1);
    frame.call(one, nodes.ids[1], genuine);
    await nodes.settle();
    expect(await here.call.value()).toBe(11);
  });

  it("a node that is down is not heard, though its last frame came right before", async () => {
    const { here, there } = await counterOnOne();
    there.cast.add(1);
    await nodes.settle();
    nodes.hold(1);
    there.cast.add(10);
    await nodes.settle();
    nodes.nodes[0].member({ node: nodes.ids[1], state: "down" });
    nodes.deliverHeld(1);
    await nodes.settle();
    expect(await here.call.value()).toBe(1);
  });

  it("bytes that are no frame are reported, and change nothing", async () => {
    const { there } = await counterOnOne();
    nodes.nodes[1].frame(nodes.ids[0], new Uint8Array([1, 7, 2]));
    nodes.nodes[1].frame(nodes.ids[0], new Uint8Array([99, 0]));
    expect(nodes.two.reports.filter(({ type }) => type === "bad_frame")).toHaveLength(2);
    expect(await there.call.add(1)).toBe(1);
  });
});
