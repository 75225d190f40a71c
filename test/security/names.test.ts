import * as fc from "fast-check";
import type { Topics } from "holdfast/actors";
import { describe, expect, it } from "vitest";
import { decodeTextFrame, encodeBody, sealBody } from "../../src/protocol/frame.js";
import { parseHello } from "../../src/protocol/handshake.js";
import { WireClient } from "../integration/wire-client.js";
import { RawClient } from "../transport/raw-client.js";
import { attacked, expectToServe, isReplyTo, resumeOf, SOCKET_PATH } from "./stage.js";

const PROTOTYPE_NAMES = ["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "then"];
const HARD_NAMES = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\n\r\u2028\u2029",
  "\u001b[2J\u001b]0;owned\u0007",
  "\u202egnp.exe",
  "\ud800",
  "\udfff tail",
  "\ufeff",
  "e\u0301\u0327\u0338".repeat(30),
  "😀".repeat(60),
  "*",
  "room:*",
  "../../etc/passwd",
  '"],["injected"]',
  "<script>alert(1)</script>",
];

/** A payload that would change a prototype, if anything ever merged it into an object. */
const POISON =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":[{"__proto__":{"polluted":1}}],"toString":1,"then":1}';

function expectUnharmed(): void {
  expect(Reflect.get({}, "polluted")).toBeUndefined();
  expect(Reflect.get([], "polluted")).toBeUndefined();
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
}

/** Sends text as it is: JSON.stringify would not write `__proto__` of a literal. */
function send(client: WireClient, seq: number, topic: string, event: string, payload: string, ref: string): void {
  client.text(`["1",${JSON.stringify(ref)},${JSON.stringify(topic)},${JSON.stringify(event)},${payload},${seq}]`);
}

describe("keys of a prototype", () => {
  it("in the params of a hello are data", async () => {
    const seen: string[] = [];
    const { url } = await attacked({
      socket: {
        authenticate: ({ params }) => {
          seen.push(JSON.stringify(params));
          return {};
        },
      },
    });
    const client = await WireClient.connect(url);
    client.text(`[null,"1","phoenix","hello",{"v":1,"intent":"new","params":${POISON},"__proto__":{"token":"ada"}}]`);
    expect(await client.next(isReplyTo("1"))).toMatchObject({ payload: { status: "ok" } });
    expect(seen.map((text): unknown => JSON.parse(text))).toEqual([JSON.parse(POISON)]);
    expectUnharmed();
  });

  it("of a hello itself say nothing: no token, no resume comes out of them", () => {
    const hello: unknown = JSON.parse('{"v":1,"intent":"new","__proto__":{"token":"ada","resume":{"sid":"x"}}}');
    expect(parseHello(hello)).toEqual({ ok: true, hello: { v: 1, intent: "new" } });
    const inherited: unknown = JSON.parse('{"__proto__":{"v":1,"intent":"new"}}');
    expect(parseHello(inherited)).toMatchObject({ ok: false });
  });

  it("in a join, a push, a broadcast and a reply are data at every level", async () => {
    const { url, diary, reports } = await attacked();
    const { client } = await WireClient.open(url);
    send(client, 1, "room:1", "phx_join", POISON, "1");
    expect(await client.next(isReplyTo("1"))).toMatchObject({ payload: { status: "ok" } });
    send(client, 2, "room:1", "echo", POISON, "2");
    const { payload } = await client.next(isReplyTo("2"));
    expect(JSON.stringify(payload)).toBe(`{"status":"ok","response":{"payload":${POISON}}}`);
    send(client, 3, "room:1", "shout", POISON, "3");
    const shouted = await client.next(({ event }) => event === "shouted");
    expect(JSON.stringify(shouted.payload)).toBe(`{"payload":${POISON}}`);
    expect(diary.lines).toContain(`echo ${POISON}`);
    expect(reports).toEqual([]);
    expectUnharmed();
  });

  it.each(PROTOTYPE_NAMES)("as a topic and as an event are names like any other: %s", async (name) => {
    const { url, diary, system, reports } = await attacked();
    const { client, welcome } = await WireClient.open(url);
    send(client, 1, name, "phx_join", "{}", "1");
    expect(await client.next(isReplyTo("1"))).toMatchObject({ topic: name, payload: { status: "ok" } });
    send(client, 2, name, name, '{"n":1}', "2");
    send(client, 3, name, "echo", "{}", "3");
    await client.next(isReplyTo("3"));
    expect(diary.lines).toContain(`${name} {"n":1}`);
    system.whereis<Topics>("endpoint.topics")?.cast.broadcast(name, name, { n: 2 });
    expect(await client.next(({ event }) => event === name)).toMatchObject({ topic: name, payload: { n: 2 } });
    client.drop();
    const again = await WireClient.open(url, resumeOf(welcome, { rx: 3, txFirst: 4, txNext: 4 }));
    expect(Object.entries(again.welcome.topics)).toEqual([[name, "ok"]]);
    expect(reports).toEqual([]);
    expectUnharmed();
  });

  it.each(PROTOTYPE_NAMES)("as a ref, a token and a user are texts like any other: %s", async (name) => {
    const { url, reports } = await attacked();
    const { client } = await WireClient.open(url, { token: name });
    client.text(`[${JSON.stringify(name)},${JSON.stringify(name)},"room:1","phx_join",{"welcome":true},1]`);
    expect(await client.next(isReplyTo(name))).toMatchObject({
      joinRef: name,
      payload: { status: "ok", response: { user: name } },
    });
    expect(reports).toEqual([]);
  });

  it.each(["init", "handleIn", "terminate", "incoming", "push", "constructor", "stop", "handleInfo", "kill"])(
    "and names of methods call nothing: %s",
    async (event) => {
      const { url, diary, reports } = await attacked();
      const { client } = await WireClient.open(url);
      send(client, 1, "room:1", "phx_join", "{}", "1");
      send(client, 2, "room:1", event, "[1,2,3]", "2");
      await diary.wrote(`${event} [1,2,3]`);
      expect(reports).toEqual([]);
    },
  );
});

describe("a name of any length and any Unicode", () => {
  it.each(HARD_NAMES)("as a topic, an event and a ref comes back as it was: %j", async (name) => {
    const { url, reports } = await attacked();
    const { client } = await WireClient.open(url);
    send(client, 1, name, "phx_join", "{}", name);
    // The wire is UTF-8, in which half a surrogate pair can only be an escape.
    expect(await client.next(isReplyTo(name))).toMatchObject({ topic: name, payload: { status: "ok" } });
    const event = name.startsWith("phx_") ? "x" : name;
    send(client, 2, name, event, '{"a":1}', "2");
    send(client, 3, name, "echo", JSON.stringify(name), "3");
    expect(await client.next(isReplyTo("3"))).toMatchObject({ payload: { response: { payload: name } } });
    expect(reports).toEqual([]);
    await expectToServe(url);
  });

  it("of a megabyte ends its connection with 1009, as any message of that size", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    client.send(1, "x".repeat(1024 * 1024), "phx_join");
    expect((await client.closed).code).toBe(1009);
    await expectToServe(url);
  });

  it("of a hundred thousand bytes is a topic where that is allowed, and is gone with its session", async () => {
    const { url, system } = await attacked({
      socket: { limits: { payloadBytes: 3 * 1024 * 1024, topicBytes: 200_000 } },
    });
    const { client } = await WireClient.open(url);
    const topic = `room:${"x".repeat(100_000)}`;
    const ref = client.send(1, topic, "phx_join");
    expect(await client.next(isReplyTo(ref))).toMatchObject({ payload: { status: "ok" } });
    const topics = system.whereis<Topics>("endpoint.topics");
    client.control("bye", {});
    expect((await client.closed).code).toBe(1000);
    topics?.cast.broadcast(topic, "anybody", {});
    await expectToServe(url);
  });

  it("of a topic above 1,024 bytes is answered with an error, and no channel is asked", async () => {
    const { url, diary, reports } = await attacked();
    const { client } = await WireClient.open(url);
    for (const [seq, unit] of ["x", "é", "\u0000", "\ud800", "😀"].entries()) {
      const most = Math.floor(1_024 / new TextEncoder().encode(unit).length);
      for (const [at, topic] of [unit.repeat(most), unit.repeat(most + 1)].entries()) {
        const ref = `${seq * 2 + at + 1}`;
        send(client, Number(ref), topic, "phx_join", "{}", ref);
        const reason = "topic too long: expected at most 1024 bytes";
        const payload = at === 0 ? { status: "ok" } : { status: "error", response: { reason } };
        expect(await client.next(isReplyTo(ref))).toMatchObject({ topic, payload });
      }
    }
    expect(diary.lines.filter((line) => line.startsWith("join"))).toHaveLength(5);
    expect(reports).toEqual([]);
    await expectToServe(url);
  });

  it("of an event above 256 bytes is answered with an error, and reaches no channel", async () => {
    const { url, diary, reports } = await attacked();
    const { client } = await WireClient.open(url);
    send(client, 1, "room:1", "phx_join", "{}", "1");
    for (const [at, unit] of ["x", "é", "\u0000", "\udc00", "😀"].entries()) {
      const most = Math.floor(256 / new TextEncoder().encode(unit).length);
      send(client, 2 * at + 2, "room:1", unit.repeat(most), "1", `ok ${at}`);
      send(client, 2 * at + 3, "room:1", unit.repeat(most + 1), "1", `long ${at}`);
      expect(await client.next(isReplyTo(`long ${at}`))).toMatchObject({
        topic: "room:1",
        joinRef: "1",
        payload: { status: "error", response: { reason: "event too long: expected at most 256 bytes" } },
      });
    }
    send(client, 12, "room:1", "echo", "1", "12");
    expect(await client.next(isReplyTo("12"))).toMatchObject({ payload: { status: "ok" } });
    expect(diary.lines.filter((line) => line.endsWith(" 1"))).toHaveLength(6);
    expect(reports).toEqual([]);
  });

  it("that is too long is told to stock clients as Phoenix tells errors, and nothing else happens to them", async () => {
    const { port, diary } = await attacked();
    const stock = await RawClient.upgraded(port, SOCKET_PATH);
    const say = (frame: unknown): void => stock.send({ payload: JSON.stringify(frame) });
    const long = "x".repeat(1_025);
    say(["1", "1", long, "phx_join", {}]);
    const topic = { reason: "topic too long: expected at most 1024 bytes" };
    expect(JSON.parse(await stock.text())).toEqual(["1", "1", long, "phx_reply", { status: "error", response: topic }]);
    say(["1", "2", long, "echo", {}]);
    const unmatched = { status: "error", response: { reason: "unmatched topic" } };
    expect(JSON.parse(await stock.text())).toEqual([null, "2", long, "phx_reply", unmatched]);
    say(["3", "3", "room:1", "phx_join", {}]);
    expect(JSON.parse(await stock.text())).toMatchObject(["3", "3", "room:1", "phx_reply", { status: "ok" }]);
    say(["3", "4", "room:1", "y".repeat(257), {}]);
    const event = { reason: "event too long: expected at most 256 bytes" };
    expect(JSON.parse(await stock.text())).toEqual([
      "3",
      "4",
      "room:1",
      "phx_reply",
      { status: "error", response: event },
    ]);
    say(["3", null, "room:1", "y".repeat(257), {}]);
    say(["3", "5", "room:1", "echo", 1]);
    expect(JSON.parse(await stock.text())).toMatchObject(["3", "5", "room:1", "phx_reply", { status: "ok" }]);
    expect(diary.lines.some((line) => line.startsWith("yyy"))).toBe(false);
    stock.destroy();
  });

  it.each([
    ["join_ref", (long: string) => [long, "1", "room:1", "phx_join", {}, 1]],
    ["ref", (long: string) => ["1", long, "room:1", "phx_join", {}, 1]],
    ["ref of a heartbeat", (long: string) => [null, long, "phoenix", "heartbeat", {}]],
  ])("is none of a %s: above 255 bytes it closes with 4005, and is kept nowhere", async (_what, frame) => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    client.text(JSON.stringify(frame("é".repeat(127))));
    await client.next(isReplyTo(String(frame("é".repeat(127))[1])));
    client.text(JSON.stringify(frame("é".repeat(128))));
    expect((await client.closed).code).toBe(4005);
    await expectToServe(url);
  });

  it("of a topic that is served by nobody is answered, and kept by nobody", async () => {
    const { url, reports } = await attacked({ socket: { channels: {} } });
    const { client } = await WireClient.open(url);
    for (let seq = 1; seq <= 200; seq++)
      client.send(seq, `made up ${seq} ${"x".repeat(1_000)}`, "phx_join", {}, `${seq}`);
    expect(await client.next(isReplyTo("200"))).toMatchObject({
      payload: { status: "error", response: { reason: "unmatched topic" } },
    });
    expect(reports).toEqual([]);
  });

  it("passes through the codec unharmed", () => {
    const names = fc.string({ unit: "binary", maxLength: 200 });
    const refs = fc.option(names, { nil: null });
    fc.assert(
      fc.property(refs, refs, names, names, fc.jsonValue(), (joinRef, ref, topic, event, payload) => {
        const text = sealBody(encodeBody(joinRef, ref, topic, event, payload), 7, 3);
        const decoded = decodeTextFrame(text);
        if (!decoded.ok) throw new Error(decoded.reason);
        const { frame } = decoded;
        expect([frame.joinRef, frame.ref, frame.topic, frame.event, frame.seq, frame.ack]).toEqual([
          joinRef,
          ref,
          topic,
          event,
          7,
          3,
        ]);
        expect(JSON.stringify(frame.payload)).toBe(JSON.stringify(JSON.parse(JSON.stringify(payload))));
      }),
    );
  });

  it("decodes, or is refused in one short line, whatever the text", () => {
    const shapes = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.array(fc.jsonValue()).map((all) => JSON.stringify(all)),
    );
    fc.assert(
      fc.property(shapes, (text) => {
        const decoded = decodeTextFrame(text);
        if (decoded.ok) return;
        expect(decoded.reason.length).toBeLessThan(500);
        expect(decoded.reason).not.toMatch(/[\n\r\u0000-\u001f]/);
      }),
    );
  });
});
