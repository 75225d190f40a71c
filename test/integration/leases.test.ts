import { Channel, LeaseManager, ok } from "holdfast/actors";
import { child } from "holdfast/supervisors";
import { describe, expect, it } from "vitest";
import { type Served, serve } from "./served.js";
import { WireClient } from "./wire-client.js";

/** Takes a lease and keeps it. */
class Keeper extends Channel {
  override async handleIn() {
    const answer = await this.system
      .whereis<LeaseManager<string>>("pool")
      ?.call.get({ leaseMs: Number.POSITIVE_INFINITY });
    return ok({ granted: answer?.ok === true });
  }
}

async function stage(): Promise<Served & { free: () => Promise<unknown> }> {
  const pool = child(LeaseManager<string>, { id: "pool", name: "pool", args: { resources: ["a"], timeoutMs: 5_000 } });
  const socket = { channels: { "keep:*": Keeper }, limits: { anonymousTtlMs: 40 } };
  const server = await serve({ siblings: [pool], socket });
  // Waits until the only resource is free.
  const free = (): Promise<unknown> | undefined =>
    server.system.whereis<LeaseManager<string>>("pool")?.call.get({ leaseMs: 1_000 });
  return { ...server, free: async () => free() };
}

async function keep(url: string): Promise<WireClient> {
  const { client } = await WireClient.open(url);
  client.send(1, "keep:1", "phx_join");
  const ref = client.send(2, "keep:1", "get");
  expect(await client.next((frame) => frame.ref === ref)).toMatchObject({ payload: { response: { granted: true } } });
  return client;
}

describe("a lease that a channel holds", () => {
  it("is returned when the client says bye", async () => {
    const { url, free } = await stage();
    const client = await keep(url);
    client.control("bye", {});
    expect(await free()).toMatchObject({ ok: true });
  });

  it("is returned when the client leaves the topic", async () => {
    const { url, free } = await stage();
    const client = await keep(url);
    client.send(3, "keep:1", "phx_leave");
    expect(await free()).toMatchObject({ ok: true });
  });

  it("is returned when the session of a lost client expires, and not before", async () => {
    const { url, system, free } = await stage();
    const client = await keep(url);
    const before = await system.whereis<LeaseManager<string>>("pool")?.call.get({ timeoutMs: 0 });
    expect(before).toMatchObject({ ok: false, reason: "busy" });
    const lostAt = system.clock.now();
    client.drop();
    expect(await free()).toMatchObject({ ok: true });
    expect(system.clock.now() - lostAt).toBeGreaterThanOrEqual(39);
  });
});
