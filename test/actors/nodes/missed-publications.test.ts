import { afterEach, describe, expect, it } from "vitest";
import { type Answer, Channel, Endpoint, ok, topicsOf } from "../../../actors/index.js";
import { Socket } from "../../../src/client/index.js";
import { memoryStoreFolders } from "../../../src/store/index.js";
import { createFaultyNetwork, type FaultyNetwork } from "../../../src/testing/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

class Room extends Channel {
  override join(): Answer {
    return ok();
  }
}

const TOPIC = "room:1";

/** Nodes with an endpoint each, that keep their sessions in stores which outlive them. */
class Stage {
  readonly cluster: TestCluster;
  readonly #folders = memoryStoreFolders();
  readonly #networks = new Map<string, FaultyNetwork>();
  readonly #sockets: Socket[] = [];
  readonly #isShared: boolean;
  /** To which node the clients of another one come now. */
  readonly #moved = new Map<string, string>();
  #said = 0;

  /** With `isShared` whoever lives takes in the store of a node that has died. */
  constructor(cluster: TestCluster, isShared: boolean) {
    this.cluster = cluster;
    this.#isShared = isShared;
  }

  network(name: string): FaultyNetwork {
    const network = this.#networks.get(name) ?? createFaultyNetwork({ clock: this.cluster.clock, latencyMs: 1 });
    this.#networks.set(name, network);
    return network;
  }

  async serve(name: string): Promise<void> {
    const { createServer } = this.network(name);
    const folder = this.#folders.at(name);
    const socket = { channels: { "room:*": Room }, store: this.#isShared ? folder : folder.own };
    const started = this.cluster.node(name).system.start(Endpoint, { createServer, socket });
    await this.cluster.clock.settle();
    await started;
  }

  async kill(name: string): Promise<void> {
    await this.cluster.kill(name, { known: true });
    this.network(name).cut();
  }

  /** The clients of a node come to another one from now on. */
  move(from: string, to: string): void {
    this.#moved.set(from, to);
  }

  async restart(name: string): Promise<void> {
    await this.cluster.start(name);
    await this.serve(name);
  }

  /** A client of a node; what it hears, in order, with `gap` where it is told of one. */
  async client(name: string): Promise<string[]> {
    const { clock } = this.cluster;
    const network = (): FaultyNetwork => this.network(this.#moved.get(name) ?? name);
    class Dialled {
      constructor(url: string) {
        const { WebSocket } = network();
        // oxlint-disable-next-line no-constructor-return -- which network it is is known only now
        return new WebSocket(url);
      }
    }
    const socket = new Socket(`${network().url}/socket`, {
      webSocket: Dialled as unknown as FaultyNetwork["WebSocket"],
      clock,
      random: { next: () => 0.5 },
    });
    const channel = socket.channel(TOPIC, {});
    const heard: string[] = [];
    channel.on("said", (payload) => void heard.push((payload as { readonly text: string }).text));
    channel.onGap(() => void heard.push("gap"));
    channel.join();
    socket.connect();
    this.#sockets.push(socket);
    await clock.advance(200);
    expect(channel.state).toBe("joined");
    return heard;
  }

  /** So many messages from a node, each some time after the one before. */
  async say(node: string, count: number, everyMs = 5): Promise<void> {
    for (let i = 0; i < count; i++) {
      topicsOf(this.cluster.node(node).system).publish(TOPIC, "said", { text: `${node} ${++this.#said}` });
      await this.cluster.clock.advance(everyMs);
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect();
    await this.cluster.clock.advance(1_000);
    await this.cluster.stop();
  }
}

let stage: Stage;

afterEach(() => stage.stop());

async function staged(names: readonly string[], isShared = false): Promise<Stage> {
  stage = new Stage(await createTestCluster({ nodes: names }), isShared);
  for (const name of names) await stage.serve(name);
  return stage;
}

function texts(node: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${node} ${from + index}`);
}

describe("what other nodes publish while the node of a kept session is dead", () => {
  it("is there when the node is back, once and in order, with what came before and after", async () => {
    const { cluster } = await staged(["a", "b"]);
    const heard = await stage.client("b");
    await stage.say("a", 5);
    // On its way when the node dies: nobody knows how much of it has arrived.
    topicsOf(cluster.node("a").system).publish(TOPIC, "said", { text: "in flight" });
    await stage.kill("b");
    await stage.say("a", 5);
    await stage.restart("b");
    await stage.say("a", 5);
    await cluster.clock.advance(10_000);
    expect(heard).toEqual([...texts("a", 1, 5), "in flight", ...texts("a", 6, 15)]);
  });

  it("is not told to a session that has begun later", async () => {
    const { cluster } = await staged(["a", "b"]);
    const first = await stage.client("b");
    await stage.say("a", 3);
    const second = await stage.client("b");
    await stage.say("a", 2);
    await stage.kill("b");
    await stage.say("a", 2);
    await stage.restart("b");
    await cluster.clock.advance(10_000);
    expect(first).toEqual(texts("a", 1, 7));
    expect(second).toEqual(texts("a", 4, 7));
  });

  it("comes from all of them", async () => {
    const { cluster } = await staged(["a", "b", "c"]);
    const heard = await stage.client("b");
    await stage.kill("b");
    await stage.say("a", 3);
    await stage.say("c", 3);
    await stage.restart("b");
    await cluster.clock.advance(10_000);
    expect(heard).toEqual([...texts("a", 1, 3), ...texts("c", 4, 6)]);
  });

  it("is there also when all were dead, and one of them was back before the other", async () => {
    const { cluster } = await staged(["a", "b"]);
    const heard = await stage.client("b");
    await stage.say("a", 2);
    await stage.kill("b");
    await stage.kill("a");
    await stage.restart("a");
    await stage.client("a");
    await stage.say("a", 3);
    await stage.restart("b");
    await stage.say("a", 2);
    await cluster.clock.advance(10_000);
    expect(heard).toEqual(texts("a", 1, 7));
  });

  it.each([
    ["the others had lived on", false],
    ["all were dead", true],
  ])("is told as a gap when the node is back too late, and %s", async (_, isAll) => {
    const { cluster } = await staged(["a", "b"]);
    const heard = await stage.client("b");
    await stage.say("a", 2);
    await stage.kill("b");
    if (isAll) {
      await stage.kill("a");
      await stage.restart("a");
    }
    await stage.say("a", 1);
    await cluster.clock.advance(40_000);
    await stage.say("a", 2);
    await stage.restart("b");
    await stage.say("a", 1);
    await cluster.clock.advance(10_000);
    expect(heard.slice(0, 2)).toEqual(texts("a", 1, 2));
    expect(heard).toContain("gap");
    expect(heard.at(-1)).toBe("a 6");
  });

  it("is told as a gap where one that has published it does not answer", async () => {
    const { cluster } = await staged(["a", "b"]);
    const heard = await stage.client("b");
    await stage.say("a", 2);
    await stage.kill("b");
    await stage.say("a", 2);
    // Nobody knows yet.
    await cluster.kill("a");
    await stage.restart("b");
    await cluster.clock.advance(30_000);
    expect(heard.slice(0, 2)).toEqual(texts("a", 1, 2));
    expect(heard).toContain("gap");
  });
});

describe("where another node takes the sessions in", () => {
  it("they get it there, once and in order, from all that publish", async () => {
    const { cluster } = await staged(["a", "b", "c"], true);
    const heard = await stage.client("b");
    const there = await stage.client("c");
    stage.move("b", "c");
    await stage.say("a", 5);
    topicsOf(cluster.node("a").system).publish(TOPIC, "said", { text: "in flight" });
    await stage.kill("b");
    await stage.say("a", 100);
    await stage.say("c", 100);
    await stage.say("a", 100);
    await cluster.clock.advance(10_000);
    const all = [
      ...texts("a", 1, 5),
      "in flight",
      ...texts("a", 6, 105),
      ...texts("c", 106, 205),
      ...texts("a", 206, 305),
    ];
    expect(there).toEqual(all);
    expect(heard).toEqual(all);
  });

  it("those that come later to it hear nothing of before, and the one that took them in serves its own as ever", async () => {
    const { cluster } = await staged(["a", "b"], true);
    const heard = await stage.client("b");
    stage.move("b", "a");
    await stage.kill("b");
    await stage.say("a", 20);
    await cluster.clock.advance(2_000);
    const later = await stage.client("a");
    await stage.say("a", 20);
    await cluster.clock.advance(10_000);
    expect(heard).toEqual(texts("a", 1, 40));
    expect(later).toEqual(texts("a", 21, 40));
  });

  it("is told as a gap where one that has published it died as well", async () => {
    const { cluster } = await staged(["a", "b", "c"], true);
    const heard = await stage.client("b");
    stage.move("b", "c");
    await stage.kill("b");
    await stage.say("a", 2);
    await cluster.kill("a");
    await cluster.clock.advance(30_000);
    await stage.say("c", 1);
    await cluster.clock.advance(10_000);
    expect(heard.at(-1)).toBe("c 3");
    // Either c had asked before a died, or it says that it does not know.
    expect([
      ["gap", "c 3"],
      [...texts("a", 1, 2), "c 3"],
    ]).toContainEqual(heard);
  });
});
