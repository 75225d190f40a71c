import { expect, test } from "vitest";
import { Actor, multiCall, type Request, RequestCollection, sendRequest, sys } from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";

class Delaying extends Actor<number> {
  #delayMs = 0;

  override init(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  async ask(what: string): Promise<string> {
    const { clock } = this.system;
    await new Promise<void>((resolve) => void clock.setTimer(this.#delayMs, resolve));
    return `${what} answered`;
  }
}

const start = async () => {
  const test = await createTestSystem();
  const ask = (delayMs: number, what = "it"): Request<string> =>
    sendRequest(test.system, test.system.spawn(Delaying, delayMs).callWithin(Number.POSITIVE_INFINITY).ask(what));
  return { ...test, ask };
};

const ENDLESS = Number.POSITIVE_INFINITY;

test("case 246: responses belong to their requests, in whatever order they come", async () => {
  const { ask, clock, stop } = await start();
  const [slow, quick] = [ask(20, "slow"), ask(10, "quick")];
  expect(slow.checkResponse()).toBe("no_reply");
  await clock.advance(10);
  expect(slow.checkResponse()).toBe("no_reply");
  expect(quick.checkResponse()).toEqual({ ok: true, reply: "quick answered" });
  const waiting = slow.waitResponse(ENDLESS);
  await clock.advance(10);
  expect(await waiting).toEqual({ ok: true, reply: "slow answered" });
  await stop();
});

test("case 247: waiting keeps a request when the time is over, receiving gives it up", async () => {
  const { ask, clock, stop } = await start();
  const [kept, abandoned] = [ask(50), ask(50)];
  const outcomes = Promise.all([kept.waitResponse(0), abandoned.receiveResponse(0)]);
  await clock.advance(0);
  expect(await outcomes).toEqual(["timeout", "timeout"]);
  await clock.advance(50);
  expect(await kept.waitResponse(ENDLESS)).toEqual({ ok: true, reply: "it answered" });
  expect(abandoned.checkResponse()).toBe("no_reply");
  await stop();
});

test("a request whose actor ends has the error of the call as its response", async () => {
  const { system, clock, stop } = await start();
  const ref = system.spawn(Delaying, 1_000);
  const request = sendRequest(system, ref.call.ask("x"));
  await clock.settle();
  system.exit(ref, "boom");
  expect(await request.receiveResponse(ENDLESS)).toMatchObject({ ok: false, error: { code: "exit", reason: "boom" } });
  await stop();
});

const collected = (
  requests: readonly Request<string>[],
  system: ConstructorParameters<typeof RequestCollection>[0],
) => {
  const collection = new RequestCollection<string, string>(system);
  for (const [index, request] of requests.entries()) collection.add(request, `req${index + 1}`);
  return collection;
};

test("case 249: a collection gives its responses in the order in which they come", async () => {
  const { system, ask, clock, stop } = await start();
  const requests = [ask(400, "a"), ask(1, "b"), ask(200, "c")];
  const collection = collected(requests, system);
  const [first] = requests;
  expect(() => first !== undefined && collection.add(first, "again")).toThrow(/not in the collection yet/);
  const taken: unknown[] = [];
  for (const step of [1, 199, 200]) {
    const response = collection.receiveResponse(ENDLESS);
    await clock.advance(step);
    taken.push({ ...((await Promise.resolve(response)) as object), size: collection.size });
  }
  expect(taken).toEqual([
    { ok: true, reply: "b answered", label: "req2", size: 2 },
    { ok: true, reply: "c answered", label: "req3", size: 1 },
    { ok: true, reply: "a answered", label: "req1", size: 0 },
  ]);
  expect(await collection.receiveResponse(ENDLESS)).toBe("no_request");
  await stop();
});

test("case 249: what has come before it is asked for is given in the order of its coming, too", async () => {
  const { system, ask, clock, stop } = await start();
  const collection = collected([ask(30, "a"), ask(10, "b"), ask(20, "c")], system);
  await clock.advance(30);
  const labels: unknown[] = [];
  while (collection.size > 0) labels.push(await collection.receiveResponse(0));
  expect(labels).toMatchObject([{ label: "req2" }, { label: "req3" }, { label: "req1" }]);
  await stop();
});

test("case 251: after a time-out a collection can be waited for again, and keeps what is not removed", async () => {
  const { system, ask, clock, stop } = await start();
  const collection = collected([ask(200), ask(100), ask(300)], system);
  const early = collection.waitResponse(50, { remove: false });
  await clock.advance(50);
  expect(await early).toBe("timeout");
  const later = collection.waitResponse(100, { remove: false });
  await clock.advance(50);
  expect(await later).toMatchObject({ label: "req2", ok: true });
  const next = collection.waitResponse(ENDLESS, { remove: false });
  await clock.advance(100);
  expect(await next).toMatchObject({ label: "req1", ok: true });
  expect(collection.size).toBe(3);
  expect(collection.toList().map(([, label]) => label)).toEqual(["req1", "req2", "req3"]);
  const abandoned = collection.receiveResponse(10);
  await clock.advance(10);
  expect(await abandoned).toBe("timeout");
  expect(collection.size).toBe(0);
  await stop();
});

test("case 252: a collection can be looked into without waiting", async () => {
  const { system, ask, clock, stop } = await start();
  const collection = collected([ask(10)], system);
  expect(collection.checkResponse()).toBe("no_reply");
  await clock.advance(10);
  expect(collection.checkResponse({ remove: false })).toMatchObject({ ok: true, label: "req1" });
  // It stays, but it has been answered.
  expect(collection.size).toBe(1);
  expect(collection.checkResponse()).toBe("no_request");
  expect(await collection.waitResponse(ENDLESS)).toBe("no_request");
  const other = collected([ask(0)], system);
  await clock.advance(0);
  expect(other.checkResponse()).toMatchObject({ ok: true, label: "req1" });
  expect([other.size, other.checkResponse()]).toEqual([0, "no_request"]);
  await stop();
});

test("case 254: multiCall tells who replied and who did not; late replies are never seen", async () => {
  const { system, clock, stop } = await start();
  const probe = createProbe(system);
  const refs = [0, 10, 20, 60, 0].map((delayMs) => system.spawn(Delaying, delayMs));
  const [first, second, third, slow, suspended] = refs;
  const dead = system.spawn(Delaying, 0);
  await system.stopActor(dead);
  if (suspended !== undefined) await sys.suspend(suspended);
  const result = multiCall([...refs, dead], (call) => call.ask("x"), 50);
  await clock.advance(50);
  const reply = "x answered";
  expect(await result).toMatchObject({
    replies: [first, second, third].map((ref) => ({ ref, reply })),
    bad: [
      { ref: slow, error: { code: "timeout" } },
      { ref: suspended, error: { code: "timeout" } },
      { ref: dead, error: { code: "noproc" } },
    ],
  });
  const begun = clock.now();
  let ended: number | undefined;
  const hopeless = multiCall(refs.slice(1), (call) => call.ask("x"), 5).then((outcome) => {
    ended = clock.now();
    return outcome;
  });
  await clock.advance(100);
  expect((await hopeless).bad).toHaveLength(4);
  expect(ended).toBe(begun + 5);
  await clock.advance(1_000);
  expect(probe.received).toEqual([]);
  await stop();
});
