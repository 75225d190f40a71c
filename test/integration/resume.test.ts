import { describe, expect, it } from "vitest";
import type { Topics } from "holdfast/actors";
import { Diary, roomClass } from "./rooms.js";
import { type Served, serve, type ServeOptions } from "./served.js";
import { WireClient } from "./wire-client.js";
import type { ResumeRequest, Welcome } from "../../src/protocol/handshake.js";

async function stage(options: Partial<NonNullable<ServeOptions["socket"]>> = {}): Promise<Served & { diary: Diary }> {
  const diary = new Diary();
  return { diary, ...(await serve({ socket: { channels: { "room:*": roomClass(diary) }, ...options } })) };
}

/** A resume of the session of that answer, by a client that has seen nothing and sent nothing. */
function resumeOf(welcome: Welcome, changes: Partial<ResumeRequest> = {}): { intent: "resume"; resume: ResumeRequest } {
  const { sid, secret, epoch } = welcome;
  return { intent: "resume", resume: { sid, secret, epoch, rx: 0, txFirst: 1, txNext: 1, ...changes } };
}

const isReplyTo = (ref: string) => (frame: { readonly ref: string | null }) => frame.ref === ref;

describe("a session that is resumed", () => {
  it("keeps its channels, and gives back what the client has not seen, in order", async () => {
    const { url, system, diary } = await stage();
    const { client, welcome } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    client.drop();
    const topics = system.whereis<Topics>("endpoint.topics");
    for (let number = 1; number <= 5; number++) topics?.cast.broadcast("room:1", "news", { number });
    const again = await WireClient.open(url, resumeOf(welcome, { rx: 1, txFirst: 2, txNext: 2 }));
    expect(again.welcome).toMatchObject({
      sid: welcome.sid,
      epoch: 2,
      resumed: true,
      rx: 1,
      tx: 6,
      topics: { "room:1": "ok" },
    });
    const replayed = [];
    for (let seq = 2; seq <= 6; seq++) replayed.push(await again.client.next((frame) => frame.seq === seq));
    expect(replayed.map(({ payload }) => payload)).toEqual([1, 2, 3, 4, 5].map((number) => ({ number })));
    expect(diary.lines).toEqual(["join room:1"]);
  });

  it("can be resumed although nothing was ever said in it", async () => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.drop();
    expect((await WireClient.open(url, resumeOf(welcome))).welcome).toMatchObject({ resumed: true, rx: 0, tx: 0 });
  });

  it("can be resumed more than once", async () => {
    const { url } = await stage();
    let { client, welcome } = await WireClient.open(url);
    for (let epoch = 2; epoch <= 5; epoch++) {
      client.drop();
      ({ client, welcome } = await WireClient.open(url, resumeOf(welcome)));
      expect(welcome).toMatchObject({ resumed: true, epoch });
    }
  });

  it("does not handle a push twice, and gives its lost reply again", async () => {
    const { url, diary } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    const ref = client.send(2, "room:1", "echo", "once");
    await diary.wrote("echo");
    client.drop();
    // The client has seen neither reply, and sends the push once more.
    const again = await WireClient.open(url, resumeOf(welcome, { txFirst: 1, txNext: 3 }));
    again.client.send(2, "room:1", "echo", "once");
    expect(await again.client.next(isReplyTo(ref))).toMatchObject({ seq: 2, payload: { status: "ok" } });
    const last = again.client.send(3, "room:1", "echo", "after");
    expect(await again.client.next(isReplyTo(last))).toMatchObject({ seq: 3 });
    expect(diary.lines).toEqual(["join room:1", 'echo "once"', 'echo "after"']);
  });

  it("accepts the secret before the last one, until the last one has been seen", async () => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.drop();
    // The answer to this one is lost.
    const lost = await WireClient.open(url, resumeOf(welcome));
    lost.client.drop();
    const { welcome: found } = await WireClient.open(url, resumeOf(welcome));
    expect(found).toMatchObject({ resumed: true, epoch: 3 });
  });

  it("is revoked with 4007 when an old secret is used after the new one was seen", async () => {
    const { url, diary, reports } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    await diary.wrote("join");
    client.drop();
    const owner = await WireClient.open(url, resumeOf(welcome));
    owner.client.control("ack", { ack: 0 });
    await owner.client.next(isReplyTo(owner.client.send(2, "room:1", "echo")));
    const thief = await WireClient.connect(url);
    thief.control("hello", { v: 1, ...resumeOf(welcome) });
    const revoked = { code: 4007, reason: '{"reason":"revoked"}' };
    expect(await thief.closed).toEqual(revoked);
    expect(await owner.client.closed).toEqual(revoked);
    expect(await diary.wrote("end")).toContain("4007");
    expect(reports.map(({ type }) => type)).toContain("session_revoked");
  });

  it("is not given for a wrong secret: the client gets a session of its own", async () => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    const other = await WireClient.open(url, resumeOf({ ...welcome, secret: "guess" }));
    expect(other.welcome).toMatchObject({ resumed: false, reason: "unknown", epoch: 1 });
    expect(other.welcome.sid).not.toBe(welcome.sid);
    expect(await client.next(isReplyTo(client.control("heartbeat", {})))).toMatchObject({ payload: { status: "ok" } });
  });

  it("is not given to another user", async () => {
    const { url } = await stage({ authenticate: ({ token }) => (token === undefined ? undefined : { user: token }) });
    const { welcome } = await WireClient.open(url, { token: "ada" });
    const other = await WireClient.open(url, { token: "bob", ...resumeOf(welcome) });
    expect(other.welcome).toMatchObject({ resumed: false, reason: "auth" });
  });

  it("is not shown to a client that is not authenticated any more", async () => {
    const known = new Set(["ada"]);
    const { url } = await stage({ authenticate: ({ token = "" }) => (known.has(token) ? { user: token } : undefined) });
    const { client, welcome } = await WireClient.open(url, { token: "ada" });
    client.drop();
    known.clear();
    const refused = await WireClient.connect(url);
    const ref = refused.control("hello", { v: 1, token: "ada", ...resumeOf(welcome) });
    expect(await refused.next(() => true)).toMatchObject({
      ref,
      payload: { status: "error", response: { reason: "forbidden" } },
    });
    expect(await refused.closed).toMatchObject({ code: 4003 });
  });

  it("takes the newest connection, and closes the one before with 4001, although it looks open", async () => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    const again = await WireClient.open(url, resumeOf(welcome));
    expect(again.welcome.resumed).toBe(true);
    expect(await client.closed).toEqual({ code: 4001, reason: '{"reason":"taken_over"}' });
  });

  it("expires: then the client gets a fresh one and is told so", async () => {
    const { url, diary } = await stage({ limits: { anonymousTtlMs: 20 } });
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    await diary.wrote("join");
    client.drop();
    expect(await diary.wrote("end room:1")).toBe('end room:1 {"shutdown":{"code":4101,"reason":"expired"}}');
    const { welcome: fresh } = await WireClient.open(url, resumeOf(welcome));
    expect(fresh).toMatchObject({ resumed: false, reason: "expired", epoch: 1, topics: {} });
  });

  it("does not expire while it is attached", async () => {
    const { url, system } = await stage({ limits: { anonymousTtlMs: 20 } });
    const first = await WireClient.open(url);
    first.client.drop();
    const { client, welcome } = await WireClient.open(url, resumeOf(first.welcome));
    expect(welcome.resumed).toBe(true);
    await new Promise<void>((resolve) => {
      system.clock.setTimer(40, resolve);
    });
    expect(await client.next(isReplyTo(client.send(1, "room:1", "phx_join")))).toMatchObject({ seq: 1 });
  });

  it("is lost with the reason gap when more was sent than is kept", async () => {
    const { url, system, diary } = await stage({ limits: { outboxMessages: 10 } });
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    await diary.wrote("join");
    client.drop();
    for (let number = 1; number <= 20; number++) for (const room of system.members("rooms")) room.send(number);
    await diary.wrote("end room:1");
    const { welcome: fresh } = await WireClient.open(url, resumeOf(welcome));
    expect(fresh).toMatchObject({ resumed: false, reason: "gap" });
  });

  it("is refused to a client that has seen what was never sent", async () => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.drop();
    const { welcome: fresh } = await WireClient.open(url, resumeOf(welcome, { rx: 9 }));
    expect(fresh).toMatchObject({ resumed: false, reason: "corrupt" });
  });

  it("ends at once when the client says bye", async () => {
    const { url, diary } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    client.control("bye", {});
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(await diary.wrote("end room:1")).toContain("bye");
    expect((await WireClient.open(url, resumeOf(welcome))).welcome).toMatchObject({
      resumed: false,
      reason: "unknown",
    });
  });

  it("ends at once when the client closes with 1000", async () => {
    const { url, diary } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    await diary.wrote("join");
    client.close(1000);
    await diary.wrote("end room:1");
    expect((await WireClient.open(url, resumeOf(welcome))).welcome).toMatchObject({
      resumed: false,
      reason: "unknown",
    });
  });

  it("is kept when the client closes with any other code", async () => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    client.close(4200);
    await client.closed;
    expect((await WireClient.open(url, resumeOf(welcome))).welcome).toMatchObject({ resumed: true });
  });
});

describe("a client that breaks the protocol", () => {
  it.each([
    ["text that is no JSON", "{not json", "Cannot decode a text frame"],
    ["a frame with too few elements", '["1","2","room:1"]', "Cannot decode a text frame"],
    ["a frame without a number", '["1","2","room:1","echo",{}]', "protocol_error"],
    ["a frame whose number leaves one out", '["1","2","room:1","echo",{},7]', "protocol_error"],
    ["an acknowledgement of what was never sent", '[null,null,"phoenix","ack",{"ack":9}]', "protocol_error"],
    ["an acknowledgement that is no number", '[null,null,"phoenix","ack",{"ack":"x"}]', "expected an ack"],
  ])("is closed with 4005 for %s, and its session can be resumed", async (_what, text, reason) => {
    const { url } = await stage();
    const { client, welcome } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    client.text(text);
    const closed = await client.closed;
    expect(closed.code).toBe(4005);
    expect(closed.reason).toContain(reason);
    const again = await WireClient.open(url, resumeOf(welcome, { rx: 1, txFirst: 2, txNext: 2 }));
    expect(again.welcome).toMatchObject({ resumed: true, topics: { "room:1": "ok" } });
  });

  it("is closed with 1009 for a frame above the limit, and its session can be resumed", async () => {
    const { url } = await stage({ limits: { payloadBytes: 1_000 } });
    const { client, welcome } = await WireClient.open(url);
    client.send(1, "room:1", "echo", "x".repeat(2_000));
    expect(await client.closed).toMatchObject({ code: 1009 });
    expect((await WireClient.open(url, resumeOf(welcome))).welcome).toMatchObject({ resumed: true, rx: 0 });
  });

  it("is closed with 4006 for a version that is not spoken, and with 4005 for a malformed hello", async () => {
    const { url } = await stage();
    const newer = await WireClient.connect(url);
    newer.control("hello", { v: 99, intent: "new" });
    expect((await newer.closed).code).toBe(4006);
    const malformed = await WireClient.connect(url);
    malformed.control("hello", { v: 1, intent: "perhaps" });
    expect((await malformed.closed).code).toBe(4005);
  });

  it("is not let in when it comes from a foreign page", async () => {
    const { url } = await stage();
    await expect(WireClient.connect(url, { Origin: "https://evil.example" })).rejects.toThrow("403");
    await WireClient.connect(url, { Origin: url.replace("ws:", "http:").replace("/socket", "") });
  });
});
