import { connect } from "node:net";
import { once } from "node:events";
import type { AuthenticatedUser, EndpointOptions } from "holdfast/actors";
import { Connection } from "holdfast/actors";
import type { DynamicSupervisor } from "holdfast/supervisors";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { decodeCloseReason } from "../../src/protocol/close-codes.js";
import { RawClient, upgradeRequest } from "../transport/raw-client.js";
import { roomClass } from "./rooms.js";
import { type Served, serve } from "./served.js";
import { WireClient } from "./wire-client.js";

type Admitting = NonNullable<EndpointOptions["admission"]>;

const byToken: NonNullable<NonNullable<EndpointOptions["socket"]>["authenticate"]> = ({ token }) =>
  token === undefined ? {} : { user: token };

function stage(admission: Admitting, authenticate = byToken): Promise<Served> {
  return serve({ socket: { channels: { "room:*": roomClass() }, authenticate }, admission });
}

async function closing(client: WireClient): Promise<{ code: number; reason: string; retryAfterMs: number }> {
  const { code, reason } = await client.closed;
  const decoded = decodeCloseReason(reason);
  return { code, reason: decoded.reason, retryAfterMs: decoded.retryAfterMs ?? 0 };
}

const ask = async (client: WireClient, hello: object = {}): Promise<void> => {
  client.control("hello", { v: 1, intent: "new", ...hello });
};

describe("an endpoint", () => {
  it("turns new clients away with 4205 when their lane is used up, each with its own moment", async () => {
    const { url } = await stage({ newPerSecond: 1, newBurst: 1 });
    await WireClient.open(url);
    const others = await Promise.all([1, 2, 3].map(() => WireClient.connect(url)));
    for (const other of others) await ask(other);
    const told = await Promise.all(others.map(closing));
    expect(told.every(({ code, reason }) => code === 4205 && reason === "overloaded")).toBe(true);
    expect(new Set(told.map(({ retryAfterMs }) => retryAfterMs)).size).toBe(3);
    expect(Math.min(...told.map(({ retryAfterMs }) => retryAfterMs))).toBeGreaterThanOrEqual(1_000);
  });

  it("lets a client resume while the lane of the new ones is used up", async () => {
    const { url } = await stage({ newPerSecond: 1, newBurst: 1 });
    const { client, welcome } = await WireClient.open(url);
    client.drop();
    const { sid, secret, epoch } = welcome;
    const resume = { sid, secret, epoch, rx: 0, txFirst: 1, txNext: 1 };
    expect((await WireClient.open(url, { intent: "resume", resume })).welcome.resumed).toBe(true);
  });

  it("does not let a made up session use the lane of those that resume", async () => {
    const { url } = await stage({ newPerSecond: 1, newBurst: 1 });
    await WireClient.open(url);
    const other = await WireClient.connect(url);
    const resume = { sid: "made-up", secret: "x", epoch: 1, rx: 0, txFirst: 1, txNext: 1 };
    await ask(other, { intent: "resume", resume });
    expect(await closing(other)).toMatchObject({ code: 4205 });
  });

  it("says 4009 to one connection of a user too many, and takes the next when one is gone", async () => {
    const served = await stage({ connectionsPerUser: 1 });
    const { url } = served;
    const { client } = await WireClient.open(url, { token: "ada" });
    const second = await WireClient.connect(url);
    await ask(second, { token: "ada" });
    expect(await closing(second)).toMatchObject({ code: 4009, reason: "user_limit" });
    client.drop();
    await gone(served);
    await WireClient.open(url, { token: "ada" });
  });

  it("takes a resume of a user who has as many connections as allowed, though the old one looks open", async () => {
    const { url } = await stage({ connectionsPerUser: 1 });
    const { client, welcome } = await WireClient.open(url, { token: "ada" });
    const { sid, secret, epoch } = welcome;
    const resume = { sid, secret, epoch, rx: 0, txFirst: 1, txNext: 1 };
    const again = await WireClient.open(url, { token: "ada", intent: "resume", resume });
    expect(again.welcome.resumed).toBe(true);
    expect(await client.closed).toMatchObject({ code: 4001 });
  });

  it("gives the place of a killed connection back", async () => {
    const served = await stage({ connectionsPerUser: 1 });
    const { url, system } = served;
    await WireClient.open(url, { token: "ada" });
    const children = await system.whereis<DynamicSupervisor>("endpoint.connections")?.call.whichChildren();
    for (const { ref } of children ?? []) if (ref !== undefined) system.exit(ref, "kill");
    await gone(served);
    await WireClient.open(url, { token: "ada" });
  });

  it("counts by the client behind a trusted proxy", async () => {
    const { url } = await stage({ trustedProxies: ["127.0.0.1"], connectionsPerAddress: 1, exemptAddresses: [] });
    await WireClient.connect(url, { "x-forwarded-for": "198.51.100.1" });
    await WireClient.connect(url, { "x-forwarded-for": "198.51.100.2" });
    const third = await WireClient.connect(url, { "x-forwarded-for": "203.0.113.1, 198.51.100.1" });
    expect(await closing(third)).toMatchObject({ code: 4206, reason: "address_limit" });
  });

  it("does not believe a client who says for whom it speaks", async () => {
    const { url } = await stage({ connectionsPerAddress: 1, exemptAddresses: [] });
    await WireClient.connect(url, { "x-forwarded-for": "198.51.100.1" });
    const second = await WireClient.connect(url, { "x-forwarded-for": "198.51.100.2" });
    expect(await closing(second)).toMatchObject({ code: 4206 });
  });

  it("tells authenticate the address of the client, not of the proxy", async () => {
    const seen: string[] = [];
    const { url } = await stage({ trustedProxies: ["127.0.0.1"] }, ({ remoteAddress }) => {
      seen.push(remoteAddress);
      return {};
    });
    const client = await WireClient.connect(url, { "x-forwarded-for": "198.51.100.7" });
    await client.hello();
    expect(seen).toEqual(["198.51.100.7"]);
  });

  it("answers 503 with Retry-After before the upgrade while too many are not authenticated", async () => {
    const { url, port } = await stage({ pendingConnections: 1 });
    const first = await WireClient.connect(url);
    const refused = await RawClient.connect(port);
    refused.socket.write(upgradeRequest("/socket/websocket?vsn=2.0.0"));
    expect(await refused.head()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: [1-9]\d*\r\n/);
    await first.hello();
    await WireClient.connect(url);
  });

  it("closes a client that sends too much with 4206, tells it when to come back, and then resumes it", async () => {
    const { url } = await stage({ messagesPerSecond: 50, messagesBurst: 300 });
    const { client, welcome } = await WireClient.open(url);
    for (let i = 0; i < 400; i++) client.control("heartbeat", {});
    const told = await closing(client);
    expect(told).toMatchObject({ code: 4206, reason: "rate_limited" });
    expect(told.retryAfterMs).toBeGreaterThanOrEqual(1_000);
    const { sid, secret, epoch } = welcome;
    const resume = { sid, secret, epoch, rx: 0, txFirst: 1, txNext: 1 };
    expect((await WireClient.open(url, { intent: "resume", resume })).welcome.resumed).toBe(true);
  });

  it("closes the tabs of a user who sends too much with all of them together with 4206, and tells them when to come back", async () => {
    const { url } = await stage({ userMessagesPerSecond: 1, userMessagesBurst: 256 });
    const tabs = await Promise.all(Array.from({ length: 10 }, () => WireClient.open(url, { token: "ada" })));
    const bob = await WireClient.open(url, { token: "bob" });
    for (let n = 0; n < 30; n++) for (const { client } of tabs) client.control("heartbeat", {});
    await Promise.race(tabs.map(({ client }) => client.closed));
    // What they may send together is used up: whoever goes on is one too many.
    for (const { client } of tabs) for (let n = 0; n < 10; n++) client.control("heartbeat", {});
    const told = await Promise.all(tabs.map(({ client }) => closing(client)));
    expect(told).toEqual(tabs.map(() => ({ code: 4206, reason: "rate_limited", retryAfterMs: expect.any(Number) })));
    expect(Math.min(...told.map(({ retryAfterMs }) => retryAfterMs))).toBeGreaterThanOrEqual(1_000);
    const ref = bob.client.control("heartbeat", {});
    expect(await bob.client.next((frame) => frame.ref === ref)).toMatchObject({ payload: { status: "ok" } });
  });

  it("turns a client away whose authentication takes too long, and keeps nothing of it", async () => {
    const served = await stage({ authTimeoutMs: 20 }, () => new Promise<AuthenticatedUser>(() => undefined));
    const { url } = served;
    const client = await WireClient.connect(url);
    await ask(client);
    expect(await closing(client)).toMatchObject({ code: 4205, reason: "overloaded" });
    await gone(served);
  });

  it("reads nothing of a client that it does not know yet", async () => {
    let letIn: (user: AuthenticatedUser) => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      authenticating = resolve;
    });
    const { url, port } = await stage({}, () => {
      authenticating();
      return new Promise((resolve) => {
        letIn = resolve;
      });
    });
    expect(url).toContain(String(port));
    const client = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void client.destroy());
    await once(client, "connect");
    client.write(upgradeRequest("/socket/websocket?vsn=2.0.0"));
    const socket = client;
    await once(socket, "data");
    const hello = JSON.stringify([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
    socket.write(frame(hello));
    await asked;
    // The system's buffers of both ends are full in the end: the server does not read.
    const flood = frame("x".repeat(60_000));
    for (let sent = 0; sent < 64 * 1024 * 1024 && socket.write(flood); sent += flood.length);
    expect(socket.writableNeedDrain).toBe(true);
    letIn({});
  });

  it("limits raw connections as well", async () => {
    class Echo extends Connection {
      protected override handleFrame(data: string | Uint8Array): void {
        this.sendFrame(data);
      }
    }
    const admission = { connectionsPerAddress: 1, exemptAddresses: [] };
    const { port } = await serve({ connections: { "/echo": Echo }, admission });
    const open = (): WebSocket => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
      onTestFinished(() => socket.terminate());
      return socket;
    };
    const first = open();
    await once(first, "open");
    const [code] = await once(open(), "close");
    expect(code).toBe(4206);
  });

  it("refuses to start with options that cannot be", async () => {
    await expect(stage({ messagesBurst: 10 })).rejects.toThrow(/bad_option/);
    await expect(stage({ trustedProxies: ["everybody"] })).rejects.toThrow(/bad_option/);
  });
});

let authenticating: () => void = () => undefined;

function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

/** Resolves when all connections of the endpoint have ended. */
async function gone({ system }: Served): Promise<void> {
  const supervisor = system.whereis<DynamicSupervisor>("endpoint.connections");
  if (supervisor === undefined) return;
  for (const child of await supervisor.call.whichChildren())
    if (child.ref !== undefined) await system.exited(child.ref);
}
