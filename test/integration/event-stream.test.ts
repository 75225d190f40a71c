import { sys } from "holdfast";
import type { Topics } from "holdfast/actors";
import { describe, expect, it } from "vitest";
import type { ResumeRequest, Welcome } from "../../src/protocol/handshake.js";
import { HttpClient } from "../transport/http-client.js";
import { PollWire, StreamWire } from "./http-wire.js";
import { Diary, roomClass } from "./rooms.js";
import { type Served, serve, type ServeOptions } from "./served.js";
import { WireClient } from "./wire-client.js";

async function stage(options: Partial<NonNullable<ServeOptions["socket"]>> = {}): Promise<Served & { diary: Diary }> {
  const diary = new Diary();
  return { diary, ...(await serve({ socket: { channels: { "room:*": roomClass(diary) }, ...options } })) };
}

function resumeOf(welcome: Welcome, changes: Partial<ResumeRequest> = {}): { intent: "resume"; resume: ResumeRequest } {
  const { sid, secret, epoch } = welcome;
  return { intent: "resume", resume: { sid, secret, epoch, rx: 0, txFirst: 1, txNext: 1, ...changes } };
}

const isReplyTo = (ref: string) => (frame: { readonly ref: string | null }) => frame.ref === ref;
const isEvent = (event: string) => (frame: { readonly event: string }) => frame.event === event;

type Ref = Parameters<typeof sys.getStatus>[0];

/** What the connections show of themselves. */
async function connectionsOf(system: Served["system"]): Promise<unknown[]> {
  const supervisor = system.whereis<{ whichChildren(): readonly { ref: Ref }[] }>("endpoint.connections");
  const children = (await supervisor?.call.whichChildren()) ?? [];
  return Promise.all(children.map(async ({ ref }) => (await sys.getStatus(ref)).state));
}

describe("a client of an event stream", () => {
  it("has a session: it says hello by POST, and reads the answers as events", async () => {
    const { port } = await stage();
    const wire = await StreamWire.connect(port);
    expect(wire.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "access-control-allow-origin": "*",
    });
    expect(wire.lines[0]).toBe(`id: ${wire.token}`);
    expect(await wire.hello()).toMatchObject({ v: 1, epoch: 1, resumed: false });
    expect(await wire.next(isReplyTo(await wire.send(1, "room:1", "phx_join")))).toMatchObject({ seq: 1 });
    const ref = await wire.send(2, "room:1", "echo", "ä\u2028\n");
    expect(await wire.next(isReplyTo(ref))).toMatchObject({
      seq: 2,
      payload: { status: "ok", response: { payload: "ä\u2028\n" } },
    });
  });

  it("hears topics that the URL names, a line each, without saying anything", async () => {
    const { port, system, diary } = await stage();
    const wire = await StreamWire.connect(port, "?topic=room:1&topic=room:2&topics=room:3,room:1", "*/*");
    expect(wire.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    await diary.wrote("join room:3");
    const topics = system.whereis<Topics>("endpoint.topics");
    await wire.next(isReplyTo("3"));
    topics?.cast.broadcast("room:2", "news", { number: 7 });
    expect(await wire.next(isEvent("news"))).toMatchObject({ topic: "room:2", payload: { number: 7 } });
    wire.drop();
    await diary.wrote("end room:1");
    expect(diary.lines.filter((line) => line.startsWith("join"))).toEqual([
      "join room:1",
      "join room:2",
      "join room:3",
    ]);
  });

  it("that only listens is kept alive by comments, and counts as alive", async () => {
    const { port, system, diary } = await stage({ limits: { heartbeatMs: 25 } });
    const wire = await StreamWire.connect(port, "?topic=room:1");
    await wire.next(isReplyTo("1"));
    await wire.sawLines(5, (line) => line === ":");
    system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", {});
    await wire.next(isEvent("news"));
    expect(diary.lines).toEqual(["join room:1"]);
  });

  it("is told of the end by an event, with code, reason and when to come back", async () => {
    const { port, system } = await stage();
    const wire = await StreamWire.connect(port);
    await wire.hello();
    await system.stop();
    expect(await wire.ended).toMatchObject({ code: 4201, reason: expect.stringContaining("retryAfterMs") });
    expect(wire.lines.find((line) => line.startsWith("retry: "))).toMatch(/^retry: \d+$/);
    expect(wire.lines).toContain("event: close");
  });

  it("shows the inspector how it is connected", async () => {
    const { port, system } = await stage();
    const stream = await StreamWire.connect(port);
    const poll = await PollWire.connect(port);
    await Promise.all([stream.hello(), poll.hello()]);
    const shown = await connectionsOf(system);
    expect(shown).toHaveLength(2);
    for (const transport of ["events", "longpoll"]) {
      expect(shown).toContainEqual(
        expect.objectContaining({ kind: "connection", transport, remoteAddress: "127.0.0.1" }),
      );
    }
  });
});

describe("what is sent to an event stream", () => {
  it("has its effect once, whether or not the answer arrived", async () => {
    const { port, diary } = await stage();
    const wire = await StreamWire.connect(port, "?topic=room:1");
    await wire.next(isReplyTo("1"));
    const push = '["1","9","room:1","note","a"]';
    expect(await wire.postAs(1, [push])).toBe(200);
    expect(await wire.postAs(1, [push])).toBe(200);
    expect(await wire.postAs(3, [push])).toBe(409);
    expect(await wire.postAs(2, ['["1","10","room:1","note","b"]', '["1","11","room:1","note","c"]'])).toBe(200);
    await diary.wrote('note "c"');
    expect(diary.lines).toEqual(["join room:1", 'note "a"', 'note "b"', 'note "c"']);
  });

  it("is refused with 410 when the stream is gone, or was never there", async () => {
    const { port, diary } = await stage();
    const wire = await StreamWire.connect(port, "?topic=room:1");
    await diary.wrote("join");
    const http = new HttpClient(port);
    const path = `/socket/send?stream=${wire.token.replace(/.$/, (last) => (last === "A" ? "B" : "A"))}`;
    for (const each of [path, "/socket/send", "/socket/send?stream=x", "/socket/send?stream[]=x"]) {
      expect(await http.post(each, [])).toMatchObject({ status: 410 });
    }
    wire.drop();
    await diary.wrote("end room:1");
    expect(await wire.postAs(1, ['["1","9","room:1","note","a"]'])).toBe(410);
  });
});

describe("a session", () => {
  it("survives the switch from WebSocket to event stream to long poll and back", async () => {
    const { port, url, system, diary } = await stage();
    const topics = system.whereis<Topics>("endpoint.topics");
    const first = await WireClient.open(url);
    await first.client.next(isReplyTo(first.client.send(1, "room:1", "phx_join")));
    first.client.drop();
    topics?.cast.broadcast("room:1", "news", { number: 1 });

    const stream = await StreamWire.connect(port);
    const second = await stream.hello(resumeOf(first.welcome, { rx: 1, txFirst: 2, txNext: 2 }));
    expect(second).toMatchObject({ sid: first.welcome.sid, resumed: true, epoch: 2, topics: { "room:1": "ok" } });
    expect(await stream.next(isEvent("news"))).toMatchObject({ seq: 2, payload: { number: 1 } });
    const ref = await stream.send(2, "room:1", "echo", "by stream");
    expect(await stream.next(isReplyTo(ref))).toMatchObject({ seq: 3 });
    stream.drop();
    topics?.cast.broadcast("room:1", "news", { number: 2 });

    const poll = await PollWire.connect(port);
    const third = await poll.hello(resumeOf(second, { rx: 3, txFirst: 3, txNext: 3 }));
    expect(third).toMatchObject({ resumed: true, epoch: 3 });
    expect(await poll.next(isEvent("news"))).toMatchObject({ seq: 4, payload: { number: 2 } });
    const next = await poll.send(3, "room:1", "echo", "by poll");
    expect(await poll.next(isReplyTo(next))).toMatchObject({ seq: 5 });

    // The poll is not dropped: the newest connection takes over.
    const last = await WireClient.open(url, resumeOf(third, { rx: 5, txFirst: 4, txNext: 4 }));
    expect(last.welcome).toMatchObject({ resumed: true, epoch: 4, tx: 5 });
    expect(await poll.ended).toMatchObject({ code: 4001 });
    const after = last.client.send(4, "room:1", "echo", "by socket");
    expect(await last.client.next(isReplyTo(after))).toMatchObject({ seq: 6 });
    expect(diary.lines).toEqual(["join room:1", 'echo "by stream"', 'echo "by poll"', 'echo "by socket"']);
  });
});
