import { vi } from "vitest";
import type { Topics } from "../../../actors/index.js";
import type { EndpointContext } from "../../../actors/endpoint/context.js";
import { StoreGuard } from "../../../actors/endpoint/store-guard.js";
import { adopt, type AdoptionCounts, type AdoptionOptions } from "../../../actors/home/adopt.js";
import { parseAnswer, type Welcome } from "../../../src/protocol/handshake.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import type { Store } from "../../../src/store/store-port.js";
import type { FaultyStore } from "../../../src/testing/index.js";
import { type RawClient, world } from "../endpoint/durable-world.js";

/** A client that numbers its frames, and its session. */
export interface Guest {
  readonly client: RawClient;
  readonly welcome: Welcome;
  /** What came with the answer to its hello. */
  readonly frames: readonly unknown[];
}

/** Servers that come one after another, each with a store of its own; the present one can take in those of earlier ones. */
export async function adoptWorld(...more: Parameters<typeof world>) {
  const started = vi.spyOn(StoreGuard.prototype, "init");
  const there = await world(...more);
  const { clock } = there;
  const stores: Store[] = [];
  /** A server with an empty store, or with the store that an earlier one had. */
  const begin = async (store: Store = memoryStore()): Promise<FaultyStore> => {
    stores.push(store);
    return there.serve(store);
  };
  const context = (): EndpointContext => {
    const start = started.mock.calls.at(-1)?.[0];
    if (start === undefined) throw new Error("nobody serves");
    return start.context;
  };
  /** Takes in the store of the first server, or another one. */
  const take = (store: Store | undefined = stores[0], options: AdoptionOptions = {}): Promise<AdoptionCounts> => {
    if (store === undefined) throw new Error("nobody has served");
    return adopt(context(), there.system(), store, options);
  };
  /** Says hello: for a new session, or for one that it had, of which it has seen the frames up to `rx`. */
  const hello = async (token: string, former?: Welcome, rx = 0, sent = 0): Promise<Guest> => {
    const client = await there.raw();
    const resume = former && {
      sid: former.sid,
      secret: former.secret,
      epoch: former.epoch,
      rx,
      txFirst: sent + 1,
      txNext: sent + 1,
    };
    const intent = former === undefined ? { intent: "new" } : { intent: "resume", resume };
    client.say(null, "1", "phoenix", "hello", { v: 1, token, ...intent });
    await clock.advance(1_000);
    const [first, ...frames] = client.take();
    const answer = parseAnswer(Array.isArray(first) ? first[4] : undefined);
    if (answer.kind !== "welcome") throw new Error(`expected a welcome, got ${JSON.stringify(first)}`);
    return { client, welcome: answer.welcome, frames };
  };
  /** Sends a numbered frame, and gives what came within a second. */
  const say = async ({ client }: Guest, ...frame: unknown[]): Promise<unknown[]> => {
    client.say(...frame);
    await clock.advance(1_000);
    // Without the acknowledgement that may ride along.
    return client.take().map((each) => (Array.isArray(each) ? each.slice(0, 6) : each));
  };
  const broadcast = async (topic: string, ...payloads: unknown[]): Promise<void> => {
    const topics = there.system().whereis<Topics>("endpoint.topics");
    const done = payloads.map((payload) => topics?.call.broadcast(topic, "said", { payload }));
    await clock.advance(1_000);
    for (const each of done) await each;
  };
  /** The client's socket breaks. */
  const drop = async ({ client }: Guest): Promise<void> => {
    client.socket.close(4_000, "gone");
    await clock.advance(1_000);
  };
  return { ...there, stores, begin, context, take, hello, say, broadcast, drop };
}

/** What a store has of its sessions: their numbers, and the frames that are kept. */
export async function contentOf(
  store: Store,
): Promise<Record<string, { readonly tx: number; readonly frames: unknown[] }>> {
  const content: Record<string, { readonly tx: number; readonly frames: unknown[] }> = {};
  for await (const { sid } of store.sessions()) {
    const session = await store.readSession(sid);
    if (session?.corrupt !== false) continue;
    content[sid] = { tx: session.head.tx, frames: session.frames.map(({ seq, frame }) => [seq, frame]) };
  }
  return content;
}

/** The frame of a broadcast. */
export function said(topic: string, payload: unknown, seq: number): unknown[] {
  return [null, null, topic, "said", { payload }, seq];
}
