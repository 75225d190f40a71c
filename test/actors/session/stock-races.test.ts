import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { seededRandom } from "../../../src/kernel/random.js";
import { forEachSeed } from "../../../src/testing/index.js";
import { createFakeEndpoint, type FakeEndpoint } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";

const SEEDS = 150;

class Room extends Channel {
  override join() {
    this.joinGroup(this.topic);
    return ok({ fresh: true });
  }
  override handleInfo(message: unknown): void {
    this.push("told", { topic: this.topic, n: message });
  }
}

/** A stock client with the documented lines: it hands back its token and the last number, and joins its topics again. */
class StockClient {
  readonly #end: FakeEndpoint;
  readonly #topics: readonly string[];
  #socket: FakeSocket | undefined;
  #token = "";
  #rx = 0;
  #joinRef = 0;
  /** The current `join_ref` of each topic: what comes under an older one is dropped. */
  readonly #joined = new Map<string, string>();
  /** What was heard, by topic and event. */
  readonly heard = new Map<string, unknown[]>();

  constructor(end: FakeEndpoint, topics: readonly string[]) {
    this.#end = end;
    this.#topics = topics;
  }

  /** Connects, and hears of its session: what was lost with a token that was used is lost. */
  async connect(): Promise<void> {
    const { socket } = await this.#end.connect({ session: this.#token, rx: `${this.#rx}` });
    this.#socket = socket;
    this.#joined.clear();
    await this.#end.clock.settle();
    this.look();
  }

  lose(): void {
    this.#socket?.lose();
    this.#socket?.take();
    this.#socket = undefined;
  }

  /** Joins the next topic that it has not joined on this socket. */
  join(): void {
    const topic = this.#topics.find((each) => !this.#joined.has(each));
    if (topic === undefined || this.#socket === undefined) return;
    const ref = `${++this.#joinRef}`;
    this.#joined.set(topic, ref);
    this.#socket.arrive([ref, ref, topic, "phx_join", {}]);
  }

  look(): boolean {
    const frames = this.#socket?.take() ?? [];
    for (const frame of frames) if (Array.isArray(frame)) this.#take(frame);
    return frames.length > 0;
  }

  #take([joinRef, , topic, event, payload, seq]: unknown[]): void {
    if (topic === "phoenix") {
      const known = this.#token !== "";
      if (typeof payload !== "object" || payload === null || !("token" in payload)) return;
      if (known && "resumed" in payload && payload.resumed !== true) throw new Error("the session was lost");
      this.#token = String(payload.token);
      return;
    }
    if (typeof seq !== "number" || seq <= this.#rx) throw new Error(`number ${String(seq)} after ${this.#rx}`);
    this.#rx = seq;
    if (event === "phx_reply" || (joinRef !== null && joinRef !== this.#joined.get(String(topic)))) return;
    const key = `${String(topic)} ${String(event)}`;
    this.heard.set(key, [...(this.heard.get(key) ?? []), payload]);
  }
}

test(`a stock client that comes back misses nothing and gets nothing twice (${SEEDS} orders)`, async () => {
  await forEachSeed(SEEDS, async (seed) => {
    const random = seededRandom(seed * 13 + 5);
    const below = (n: number): number => Math.floor(random.next() * n);
    const topics = ["room:a", "room:b"];
    const end = await createFakeEndpoint({ channels: { "room:*": Room }, seed });
    const client = new StockClient(end, topics);
    const sent = new Map<string, unknown[]>();
    const send = (topic: string, event: string): unknown => {
      const all = sent.get(`${topic} ${event}`) ?? [];
      sent.set(`${topic} ${event}`, all);
      const payload = { topic, n: all.length + 1 };
      all.push(payload);
      return payload;
    };
    const quiet = async (): Promise<void> => {
      for (const _ of topics) client.join();
      do await end.clock.settle();
      while (client.look());
    };
    await client.connect();
    await quiet();
    const acts: (() => void | Promise<void>)[] = [
      () => {
        const topic = topics[below(2)] ?? "";
        for (let n = below(8); n >= 0; n--) end.context.subscriptions.broadcast(topic, "said", send(topic, "said"));
      },
      () => {
        const topic = topics[below(2)] ?? "";
        const told = send(topic, "told");
        for (const room of end.system.members(topic)) {
          room.send(typeof told === "object" && told !== null && "n" in told ? told.n : 0);
        }
      },
      () => client.lose(),
      () => client.connect(),
      () => client.join(),
      () => {
        client.look();
      },
      () => end.clock.settle(),
    ];
    for (let step = 0; step < 40; step++) await acts[below(acts.length)]?.();
    await end.clock.settle();
    client.lose();
    await end.clock.settle();
    await client.connect();
    await quiet();
    for (const [key, all] of sent) expect([key, client.heard.get(key)]).toEqual([key, all]);
    expect(end.context.subscriptions.loggedBytes).toBe(0);
    await end.stop();
  });
});
