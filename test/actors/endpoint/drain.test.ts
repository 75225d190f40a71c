import { Actor } from "holdfast";
import { Clients } from "holdfast/actors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { HeartbeatMembers } from "../../../actors/connection/heartbeat.js";
import { AdmissionKeeper } from "../../../src/transport/admission/admission-keeper.js";
import { resolveAdmission } from "../../../src/transport/admission/admission-options.js";
import { roomClass } from "../../integration/rooms.js";
import { type Served, serve } from "../../integration/served.js";
import { WireClient } from "../../integration/wire-client.js";

const stage = (): Promise<Served> => serve({ socket: { channels: { "room:*": roomClass() } } });

function clientsOf({ system }: Served) {
  const clients = system.whereis<Clients>("endpoint.clients");
  if (clients === undefined) throw new Error("expected an endpoint");
  return clients;
}

/** What a client that connects is told. */
async function refusal({ url }: Served): Promise<unknown> {
  const { code, reason } = await (await WireClient.connect(url)).closed;
  return { code, ...JSON.parse(reason) };
}

const ready = async ({ port }: Served): Promise<unknown> => {
  const response = await fetch(`http://127.0.0.1:${port}/ready`);
  return [response.status, await response.json()];
};

async function connected(served: Served, count: number): Promise<WireClient[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => WireClient.open(served.url)));
  return opened.map(({ client }) => client);
}

describe("a drain", () => {
  it("takes no new connections until all are told: they hear when to come back, and /ready says 503; then it takes them again", async () => {
    const served = await stage();
    const clients = await connected(served, 3);
    const drained = clientsOf(served).callWithin(60_000).drain(5);
    expect(await ready(served)).toEqual([503, { ready: false, reason: "draining" }]);
    expect(await refusal(served)).toEqual({ code: 1012, reason: "drain", retryAfterMs: expect.any(Number) });
    expect(await drained).toBe(3);
    expect((await Promise.all(clients.map(({ closed }) => closed))).map(({ code }) => code)).toEqual([
      4201, 4201, 4201,
    ]);
    expect(await ready(served)).toEqual([200, { ready: true }]);
    await connected(served, 1);
  });

  it("refuses event streams as well", async () => {
    const served = await stage();
    await connected(served, 1);
    const drained = clientsOf(served).callWithin(60_000).drain(1);
    const events = await fetch(`http://127.0.0.1:${served.port}/socket/events?vsn=2.0.0`, {
      headers: { accept: "text/event-stream" },
    });
    expect(await events.text()).toMatch(/event: ?close\n.*1012.*retryAfterMs/);
    await clientsOf(served).call.cancelDrain();
    await drained;
  });

  it("can be cancelled: those who were not told stay, and new connections are taken", async () => {
    const served = await stage();
    const clients = await connected(served, 4);
    const drained = clientsOf(served).callWithin(60_000).drain(0.5);
    expect(await clientsOf(served).call.cancelDrain()).toEqual({ told: 0, left: 4 });
    expect(await drained).toBe(0);
    expect(await ready(served)).toEqual([200, { ready: true }]);
    for (const client of clients) {
      const ref = client.control("heartbeat", {});
      expect(await client.next((frame) => frame.ref === ref)).toMatchObject({ payload: { status: "ok" } });
    }
    await connected(served, 1);
    expect(await clientsOf(served).call.cancelDrain()).toEqual({ told: 0, left: 0 });
  });

  it("that stays closed takes nobody afterwards either, until it is cancelled", async () => {
    const served = await stage();
    await connected(served, 1);
    expect(await clientsOf(served).callWithin(60_000).drain(100, { stayClosed: true })).toBe(1);
    expect(await refusal(served)).toMatchObject({ code: 1012, reason: "drain" });
    expect(await ready(served)).toEqual([503, { ready: false, reason: "draining" }]);
    expect(await clientsOf(served).call.cancelDrain()).toEqual({ told: 0, left: 0 });
    await connected(served, 1);
  });

  it("ends with the actor that does it: the next one takes connections again", async () => {
    const { system, stop } = await createTestSystem();
    onTestFinished(stop);
    const sources = { clock: system.clock, random: system.random };
    const admission = new AdmissionKeeper(resolveAdmission(), sources);
    onTestFinished(() => admission.stop());
    const members = new HeartbeatMembers();
    const first = await system.start(Clients, { context: undefined, members, admission });
    members.add(await system.start(Guest));
    void first
      .callWithin(60_000)
      .drain(0.1)
      .catch(() => undefined);
    await first.call.counts();
    expect(admission.closed).toBe(true);
    system.exit(first, "kill");
    await system.start(Clients, { context: undefined, members, admission });
    expect(admission.closed).toBe(false);
  });
});

/** A client that is never told. */
class Guest extends Actor {
  beat(): void {}
  drain(): void {}
}
