import { Actor, type Deferred, type ExitReason } from "holdfast";
import { openInspector } from "holdfast/inspector";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DrainDesk } from "../../src/inspect/drain-desk.js";
import { inspectSystem } from "../../src/inspect/kernel-adapter.js";
import type { DrainOrder } from "../../src/inspect/protocol/messages.js";
import { containing } from "./matchers.js";
import { privateDirectory } from "./private-directory.js";
import { RawReader } from "./raw-reader.js";

/** Hands over when the test says so. */
class FakeClients extends Actor {
  left: number | undefined;
  options: object | undefined;
  #deferred: Deferred<number> | undefined;

  drain(_perSecond: number, options?: { readonly stayClosed?: boolean }): Deferred<number> {
    this.options = options;
    this.left = 3;
    this.#deferred = this.defer<number>();
    return this.#deferred;
  }

  tell(left: number): void {
    this.left = left === 0 ? undefined : left;
    if (left === 0) this.#deferred?.reply(3);
  }

  cancelDrain(): void {
    const told = 3 - (this.left ?? 0);
    this.left = undefined;
    this.options = undefined;
    this.#deferred?.reply(told);
  }

  fail(reason: ExitReason): void {
    this.stop(reason);
  }

  override formatStatus(): unknown {
    const closed = this.options === undefined ? {} : { closed: true, options: this.options };
    return { kind: "clients", online: 3, ...closed, ...(this.left === undefined ? {} : { draining: this.left }) };
  }
}

class Parent extends Actor {
  override init(): void {
    for (let client = 0; client < 3; client++) this.spawn(Bystander, undefined, { link: false });
  }
}

class Bystander extends Actor {}

async function desk() {
  const test = await createTestSystem();
  onTestFinished(() => test.stop());
  const clients = await test.system.start(FakeClients, undefined, { name: "endpoint.clients" });
  await test.system.start(Parent, undefined, { name: "endpoint.connections" });
  return { ...test, clients, desk: new DrainDesk(test.system, inspectSystem(test.system)) };
}

const ORDER: DrainOrder = { endpoint: "endpoint", perSecond: 2, by: { pid: 77, uid: 5 } };

function look(on: DrainDesk, endpoint = "endpoint"): unknown {
  const answer = on.answer({ id: 1, method: "drain.look", params: { endpoint } });
  return answer.ok ? JSON.parse(answer.json) : answer.error;
}

function start(on: DrainDesk, order: DrainOrder = ORDER): unknown {
  const answer = on.answer({ id: 1, method: "drain.start", params: order });
  return answer.ok ? JSON.parse(answer.json) : answer.error;
}

function audits({ reports }: Pick<TestSystem, "reports">) {
  return reports.filter(({ type }) => type === "inspector_action");
}

describe("the drain of an inspector", () => {
  it("shows who is connected, and changes nothing by that", async () => {
    const test = await desk();
    expect(look(test.desk)).toEqual({
      system: { name: test.system.name, pid: process.pid },
      endpoint: "endpoint",
      clients: 3,
      closed: false,
    });
    expect(audits(test)).toEqual([]);
  });

  it("tells how far it has come, until all have been told", async () => {
    const test = await desk();
    expect(start(test.desk)).toMatchObject({ drain: { number: 1, state: "running", total: 3, left: 3, perSecond: 2 } });
    await test.clients.call.tell(2);
    await test.clock.advance(500);
    expect(look(test.desk)).toMatchObject({ drain: { state: "running", total: 3, left: 2, elapsedMs: 500 } });
    await test.clients.call.tell(0);
    await vi.waitFor(() => expect(look(test.desk)).toMatchObject({ drain: { state: "done", total: 3, left: 0 } }));
    expect(start(test.desk)).toMatchObject({ drain: { number: 2, state: "running" } });
  });

  it("is noted with who asked, what for, when, and what came of it", async () => {
    const test = await desk();
    start(test.desk);
    await test.clients.call.tell(0);
    await vi.waitFor(() => expect(audits(test)).toHaveLength(2));
    const known = { action: "drain", endpoint: "endpoint", perSecond: 2, socketUid: process.getuid?.() };
    expect(audits(test)).toMatchObject([
      {
        level: "warning",
        text: containing('Drain of endpoint "endpoint", ordered through the inspector by process 77 of user 5'),
        details: { ...known, event: "started", clients: 3, claimed: { pid: 77, uid: 5 }, at: containing("T") },
      },
      { level: "warning", text: containing("is done: 3 clients"), details: { ...known, event: "done", clients: 3 } },
    ]);
  });

  it("is refused while one is under way, whoever began that, and the attempt is noted", async () => {
    const test = await desk();
    start(test.desk);
    expect(start(test.desk)).toMatchObject({ code: "already_draining" });
    await test.clients.call.tell(0);
    await vi.waitFor(() => expect(look(test.desk)).toMatchObject({ drain: { state: "done" } }));
    const own = test.clients.callWithin(Number.POSITIVE_INFINITY).drain(1);
    await test.clients.call.tell(1);
    expect(start(test.desk)).toMatchObject({ code: "already_draining", message: containing("1 are left") });
    expect(audits(test).map(({ details }) => details["event"])).toEqual(["started", "refused", "done", "refused"]);
    await test.clients.call.tell(0);
    await own;
  });

  it("can be cancelled: what it had come to is shown, and who cancelled it is noted", async () => {
    const test = await desk();
    start(test.desk, { ...ORDER, stayClosed: true });
    await test.clients.call.tell(2);
    expect(look(test.desk)).toMatchObject({ closed: true, drain: { state: "running", left: 2 } });
    const answer = test.desk.answer({
      id: 1,
      method: "drain.cancel",
      params: { endpoint: "endpoint", by: { pid: 78, uid: 6 } },
    });
    expect(answer.ok).toBe(true);
    await vi.waitFor(() =>
      expect(look(test.desk)).toMatchObject({ closed: false, drain: { state: "cancelled", left: 2 } }),
    );
    expect(audits(test).map(({ details }) => details["event"])).toEqual(["started", "cancelled"]);
    expect(audits(test)[1]).toMatchObject({
      details: { claimed: { pid: 78, uid: 6 } },
      text: containing("process 78"),
    });
    expect(start(test.desk)).toMatchObject({ drain: { number: 2, state: "running" } });
  });

  it("that is cancelled where none is under way, or nobody is, says so", async () => {
    const test = await desk();
    const cancel = (endpoint: string) => test.desk.answer({ id: 1, method: "drain.cancel", params: { endpoint } });
    expect(cancel("endpoint")).toMatchObject({ ok: true });
    expect(cancel("nobody")).toMatchObject({ ok: false, error: { code: "no_such_endpoint" } });
  });

  it("has failed when the actor that does it ends, and says why", async () => {
    const test = await desk();
    start(test.desk);
    await test.clients.call.tell(2);
    test.clients.cast.fail({ shutdown: "evening" });
    await vi.waitFor(() => expect(audits(test)).toHaveLength(2));
    expect(audits(test)[1]).toMatchObject({ details: { event: "failed", reason: containing("evening") } });
    await test.system.start(FakeClients, undefined, { name: "endpoint.clients" });
    expect(look(test.desk)).toMatchObject({ drain: { state: "failed", reason: containing("evening") } });
  });

  it("of an endpoint that does not run is refused with those that do", async () => {
    const test = await desk();
    await test.system.start(Bystander, undefined, { name: "church.clients" });
    for (const name of ["admin", "church"]) {
      const message = `No endpoint has the name "${name}". Running now: endpoint.`;
      expect(look(test.desk, name)).toEqual({ code: "no_such_endpoint", message });
    }
  });
});

describe("the inspector of a system", () => {
  it("has no drain in its protocol unless the program opens it", async () => {
    const test = await desk();
    const [closed, open] = [await privateDirectory(), await privateDirectory()];
    const asked = '{"v":1,"id":1,"method":"drain.look","params":{"endpoint":"endpoint"}}\n';
    const reading = await openInspector(test.system, { directory: closed });
    onTestFinished(() => reading.close());
    const reader = await RawReader.connect(reading.path);
    reader.send(asked);
    await vi.waitFor(() => expect(reader.text).toContain('"code":"unknown_method"'));
    await reading.close();
    const acting = await openInspector(test.system, { directory: open, actions: { drain: true } });
    onTestFinished(() => acting.close());
    const actor = await RawReader.connect(acting.path);
    actor.send(asked);
    await vi.waitFor(() => expect(actor.text).toContain('"ok":true,"result":{"system"'));
  });
});
