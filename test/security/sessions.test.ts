import { describe, expect, it } from "vitest";
import { decideAttach } from "../../actors/session/attach-rule.js";
import { Secrets } from "../../actors/session/secrets.js";
import type { ResumeRequest } from "../../src/protocol/handshake.js";
import { WireClient } from "../integration/wire-client.js";
import { attacked, expectToServe, isReplyTo, resumeOf } from "./stage.js";

describe("a thief of a session", () => {
  it("that has its public id only gets a session of its own, and the owner notices nothing", async () => {
    const { url } = await attacked();
    const { client, welcome } = await WireClient.open(url);
    const ref = client.send(1, "room:1", "phx_join");
    await client.next(isReplyTo(ref));
    const { welcome: got } = await WireClient.open(url, resumeOf({ ...welcome, secret: welcome.sid }, { rx: 1 }));
    expect(got).toMatchObject({ resumed: false, reason: "unknown", epoch: 1, rx: 0, tx: 0, topics: {} });
    expect(got.sid).not.toBe(welcome.sid);
    const echo = client.send(2, "room:1", "echo", {}, ref);
    expect(await client.next(isReplyTo(echo))).toMatchObject({ seq: 2 });
  });

  it("that has id and secret, but is another user, gets nothing, and cannot use the session up", async () => {
    const { url } = await attacked();
    const { client, welcome } = await WireClient.open(url, { token: "ada" });
    for (let attempt = 0; attempt < 3; attempt++) {
      const { welcome: got } = await WireClient.open(url, { token: "eve", ...resumeOf(welcome) });
      expect(got).toMatchObject({ resumed: false, reason: "auth", topics: {} });
    }
    client.drop();
    const { welcome: again } = await WireClient.open(url, { token: "ada", ...resumeOf(welcome) });
    expect(again).toMatchObject({ resumed: true, epoch: 2 });
  });

  it("that is anonymous cannot have the session of a user, nor a user that of somebody anonymous", async () => {
    const { url } = await attacked();
    const { welcome: ada } = await WireClient.open(url, { token: "ada" });
    const { welcome: nobody } = await WireClient.open(url);
    expect((await WireClient.open(url, resumeOf(ada))).welcome).toMatchObject({ resumed: false, reason: "auth" });
    expect((await WireClient.open(url, { token: "eve", ...resumeOf(nobody) })).welcome).toMatchObject({
      resumed: false,
      reason: "auth",
    });
  });

  it("that uses a secret which was replaced ends the session for both, with 4007, and it is reported", async () => {
    const { url, reports } = await attacked();
    const { client, welcome: first } = await WireClient.open(url);
    client.drop();
    const owner = await WireClient.open(url, resumeOf(first));
    owner.client.control("ack", { ack: 0 });
    await owner.client.next(isReplyTo(owner.client.control("heartbeat", {})));
    const thief = await WireClient.connect(url);
    thief.control("hello", { v: 1, ...resumeOf(first) });
    expect((await thief.closed).code).toBe(4007);
    expect((await owner.client.closed).code).toBe(4007);
    expect(reports.map(({ type }) => type)).toContain("session_revoked");
    // Nor can the owner's own secret bring it back.
    const { welcome: late } = await WireClient.open(url, resumeOf(owner.welcome));
    expect(late.resumed).toBe(false);
  });

  it("cannot take a session by two resumes at a time: one socket is attached, the other is told 4001", async () => {
    const { url } = await attacked();
    const { client, welcome } = await WireClient.open(url);
    client.drop();
    const both = await Promise.all([WireClient.connect(url), WireClient.connect(url)]);
    for (const each of both) each.control("hello", { v: 1, ...resumeOf(welcome) });
    const [one, other] = both;
    const loser = await Promise.race(both.map(async (each) => ({ each, closed: await each.closed })));
    expect(loser.closed.code).toBe(4001);
    const winner = loser.each === one ? other : one;
    const ref = winner?.send(1, "room:1", "phx_join") ?? "";
    expect(await winner?.next(isReplyTo(ref))).toMatchObject({ payload: { status: "ok" } });
  });

  it("learns nothing from the answer: a wrong secret and a session that never was are answered alike", async () => {
    const { url } = await attacked();
    const { welcome } = await WireClient.open(url);
    const wrong = await WireClient.open(url, resumeOf({ ...welcome, secret: "A".repeat(43) }));
    const never = await WireClient.open(url, resumeOf({ ...welcome, sid: "A".repeat(21) }));
    const same = ({ sid, secret, ...rest }: typeof welcome) => ({ ...rest, sid: sid.length, secret: secret.length });
    expect(same(wrong.welcome)).toEqual(same(never.welcome));
  });

  it("can guess as often as it likes: the session stays with its owner", async () => {
    const { url } = await attacked();
    const { client, welcome } = await WireClient.open(url);
    for (let guess = 0; guess < 50; guess++) {
      const thief = await WireClient.open(url, resumeOf({ ...welcome, secret: `${guess}` }));
      expect(thief.welcome.resumed).toBe(false);
      thief.client.drop();
    }
    expect(await client.next(isReplyTo(client.control("heartbeat", {})))).toMatchObject({ payload: { status: "ok" } });
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "\u0000", "\ud800", "../../etc/passwd", " "])(
    "finds no session by the name %j",
    async (sid) => {
      const { url } = await attacked();
      const { welcome } = await WireClient.open(url, resumeOf({ sid, secret: "x", epoch: 1 }));
      expect(welcome).toMatchObject({ resumed: false, reason: "unknown" });
    },
  );
});

describe("a secret", () => {
  it("is compared in constant time: whole hashes of one length, whatever came", () => {
    const secrets = new Secrets();
    const secret = secrets.rotate("none");
    for (const wrong of ["", secret.slice(0, -1), `${secret} `, "\u0000".repeat(128), "\ud800", secret.toLowerCase()]) {
      expect(secrets.check(wrong)).toBe("wrong");
    }
    expect(secrets.check(secret)).toBe("current");
  });

  it("holds 256 bits and comes once", () => {
    const made = new Set(Array.from({ length: 1_000 }, () => new Secrets().rotate("none")));
    expect(made.size).toBe(1_000);
    for (const secret of made) expect(Buffer.from(secret, "base64url").length).toBe(32);
  });

  it("that was replaced is theft from then on, after any number of attaches", () => {
    const secrets = new Secrets();
    const all = [secrets.rotate("none")];
    for (let attach = 0; attach < 4; attach++) {
      all.push(secrets.rotate("current"));
      secrets.confirm();
    }
    expect(secrets.check(all.at(-1) ?? "")).toBe("current");
    expect(secrets.check(all.at(-2) ?? "")).toBe("retired");
  });

  it("in any position: what cannot fit is refused before anything is sent", () => {
    const position = { tx: 10, acknowledged: 5, rx: 7 };
    const request: ResumeRequest = { sid: "s", secret: "x", epoch: 1, rx: 7, txFirst: 8, txNext: 8 };
    const decide = (changes: Partial<ResumeRequest>) =>
      decideAttach("current", true, { ...request, ...changes }, position);
    expect(decide({})).toEqual({ kind: "attach", presented: "current" });
    expect(decide({ rx: 11 })).toEqual({ kind: "refuse", reason: "corrupt" });
    expect(decide({ rx: Number.MAX_SAFE_INTEGER })).toEqual({ kind: "refuse", reason: "corrupt" });
    expect(decide({ txFirst: 9, txNext: 9 })).toEqual({ kind: "refuse", reason: "corrupt" });
    expect(decide({ rx: 4 })).toEqual({ kind: "refuse", reason: "gap" });
  });
});

describe("a client that breaks the order of the handshake", () => {
  it("by a second hello: it is answered with an error, and the session stays", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    const ref = client.control("hello", { v: 1, intent: "new" });
    expect(await client.next(isReplyTo(ref))).toMatchObject({ payload: { status: "error" } });
    const join = client.send(1, "room:1", "phx_join");
    expect(await client.next(isReplyTo(join))).toMatchObject({ payload: { status: "ok" } });
  });

  it("by a second hello as somebody else: it stays who it was", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url, { token: "eve" });
    await client.next(isReplyTo(client.control("hello", { v: 1, intent: "new", token: "ada" })));
    const join = client.send(1, "room:1", "phx_join", { welcome: true });
    expect(await client.next(isReplyTo(join))).toMatchObject({ payload: { response: { user: "eve" } } });
  });

  it("by two hellos at once: there is one session", async () => {
    const { url, system } = await attacked();
    const client = await WireClient.connect(url);
    const [one, other] = [1, 2].map(() => client.control("hello", { v: 1, intent: "new" }));
    expect(await client.next(isReplyTo(one ?? ""))).toMatchObject({ payload: { status: "ok" } });
    expect(await client.next(isReplyTo(other ?? ""))).toMatchObject({ payload: { status: "error" } });
    const counts = await system
      .whereis<{ countChildren(): { active: number } }>("endpoint.sessions")
      ?.call.countChildren();
    expect(counts?.active).toBe(1);
  });

  it("by a hello after a join: a stock client stays one", async () => {
    const { url } = await attacked();
    const client = await WireClient.connect(url);
    await client.next(isReplyTo(client.send(undefined, "room:1", "phx_join")));
    const ref = client.control("hello", { v: 1, intent: "new", token: "ada" });
    expect(await client.next(isReplyTo(ref))).toMatchObject({ payload: { status: "error" } });
    const echo = client.send(undefined, "room:1", "echo", {}, "1");
    expect(await client.next(isReplyTo(echo))).toMatchObject({ payload: { status: "ok" } });
  });

  it.each([
    ["nothing", undefined],
    ["a list", []],
    ["another version", { v: 2, intent: "new" }],
    ["an unknown intent", { v: 1, intent: "steal" }],
    ["a resume without a session", { v: 1, intent: "resume" }],
    ["a new one with a resume", { v: 1, intent: "new", resume: {} }],
    ["a secret of a megabyte", { v: 1, ...resumeOf({ sid: "s", secret: "x".repeat(60_000), epoch: 1 }) }],
    ["a session id of 60 KB", { v: 1, ...resumeOf({ sid: "s".repeat(60_000), secret: "x", epoch: 1 }) }],
    ["a number as its token", { v: 1, intent: "new", token: 7 }],
    ["a list as its params", { v: 1, intent: "new", params: [] }],
    ["a negative time to live", { v: 1, intent: "new", ttlMs: -1 }],
    ["numbers the wrong way round", { v: 1, ...resumeOf({ sid: "s", secret: "x", epoch: 1 }, { txFirst: 9 }) }],
    ["an epoch of zero", { v: 1, ...resumeOf({ sid: "s", secret: "x", epoch: 0 }) }],
    ["a fraction", { v: 1, ...resumeOf({ sid: "s", secret: "x", epoch: 1 }, { rx: 0.5 }) }],
    ["a number that is not safe", { v: 1, ...resumeOf({ sid: "s", secret: "x", epoch: 1 }, { txNext: 2 ** 53 }) }],
  ])("by a hello of %s: it is closed with 4005 or 4006, and no secret is repeated", async (_what, payload) => {
    const { url } = await attacked();
    const client = await WireClient.connect(url);
    client.control("hello", payload ?? null);
    const { code, reason } = await client.closed;
    expect([4005, 4006]).toContain(code);
    expect(reason).not.toContain("xxxx");
    await expectToServe(url);
  });

  it("by asking for a session that lives for ever: it is given the server's time", async () => {
    const { url } = await attacked();
    const { welcome } = await WireClient.open(url, { token: "ada", ttlMs: Number.MAX_SAFE_INTEGER });
    expect(welcome.ttlMs).toBe(120_000);
  });
});
