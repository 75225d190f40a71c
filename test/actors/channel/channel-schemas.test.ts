import type { Report, StandardSchema } from "holdfast";
import { type Answer, Channel, type ChannelClass, type ChannelSchemas, ok } from "holdfast/actors";
import { describe, expect, test } from "vitest";
import { RouteTable } from "../../../actors/channel/route-table.js";
import { libraries, schemaThat, slowSchema } from "../../schemas.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { endpoint, hello, numbered, type Welcomed } from "../session/room.js";

function roomWith(schemas: ChannelSchemas): ChannelClass {
  return class Room extends Channel {
    static override readonly schemas = schemas;
    override join(params: unknown): Answer {
      return ok({ params });
    }
    override handleIn(event: string, payload: unknown): Answer | undefined {
      if (event === "quiet") return undefined;
      return ok({ event, payload });
    }
  };
}

interface Scene extends FakeEndpoint {
  readonly client: Welcomed;
  /** Sends frames on `room:a`, and gives the answers by their ref. */
  ask(
    ...frames: readonly (readonly [ref: string, event: string, payload: unknown])[]
  ): Promise<Record<string, unknown>>;
}

async function scene(schemas: ChannelSchemas): Promise<Scene> {
  const end = await endpoint({ channels: { "room:*": roomWith(schemas) } });
  const client = await hello(end);
  let seq = 0;
  return {
    ...end,
    client,
    async ask(...frames) {
      for (const [ref, event, payload] of frames) client.socket.arrive(["1", ref, "room:a", event, payload, ++seq]);
      await end.clock.settle();
      return answersOf(client);
    },
  };
}

/** The answers so far, by their ref. */
function answersOf({ socket }: Welcomed): Record<string, unknown> {
  const replies = socket.take().map(numbered);
  return Object.fromEntries(
    replies.flatMap((frame) => (Array.isArray(frame) && typeof frame[1] === "string" ? [[frame[1], frame[4]]] : [])),
  );
}

/** Reports of what should not happen. */
const troubles = (reports: readonly Report[]): Report[] => reports.filter(({ level }) => level === "error");

const refusal = (reason: string, rest: object = {}): object => ({ status: "error", response: { reason, ...rest } });

describe.each(libraries)("a channel with schemas of $library", ({ said, parsed, list }) => {
  test("gets params and payloads that fit, as the schema gives them", async () => {
    const { ask, stop } = await scene({ join: parsed, in: { say: said, move: parsed } });
    const answers = await ask(["1", "phx_join", { n: "7" }], ["2", "say", { text: "hi" }], ["3", "move", { n: "8" }]);
    expect(answers).toEqual({
      1: { status: "ok", response: { params: { n: 7 } } },
      2: { status: "ok", response: { event: "say", payload: { text: "hi" } } },
      3: { status: "ok", response: { event: "move", payload: { n: 8 } } },
    });
    await stop();
  });

  test("refuses what does not fit with the issues, and lives on", async () => {
    const { ask, reports, stop } = await scene({ in: { say: said } });
    const answers = await ask(
      ["1", "phx_join", "anything"],
      ["2", "say", { text: "much too long" }],
      ["3", "say", null],
      ["4", "say", { text: "hi" }],
    );
    expect(answers).toMatchObject({
      1: { status: "ok" },
      2: refusal("invalid_payload", { issues: [{ path: ["text"], message: expect.any(String) }] }),
      3: refusal("invalid_payload", { issues: [{ path: [] }] }),
      4: { status: "ok" },
    });
    expect(troubles(reports)).toEqual([]);
    await stop();
  });

  test("refuses a join whose params do not fit, and lets the client in when they do", async () => {
    const { ask, reports, stop } = await scene({ join: said });
    expect(await ask(["1", "phx_join", { text: 1 }])).toMatchObject({
      1: refusal("invalid_params", { issues: [{ path: ["text"] }] }),
    });
    expect(await ask(["1", "phx_join", { text: "hi" }])).toMatchObject({ 1: { status: "ok" } });
    expect(troubles(reports)).toEqual([]);
    await stop();
  });

  test("bounds the issues, however many there are", async () => {
    const { ask, stop } = await scene({ in: { tags: list } });
    const answers = await ask(["1", "phx_join", {}], ["2", "tags", Array.from({ length: 5_000 }, () => 1)]);
    expect(answers["2"]).toMatchObject(refusal("invalid_payload", { omitted: 4_990 }));
    expect(JSON.stringify(answers["2"]).length).toBeLessThan(4_000);
    await stop();
  });

  test("takes prototype keys in payloads as data", async () => {
    const { ask, client, clock, stop } = await scene({ in: { say: said } });
    await ask(["1", "phx_join", {}]);
    client.socket.arrive('["1","2","room:a","say",{"__proto__":{"text":"hi"}},2]');
    client.socket.arrive('["1","3","room:a","say",{"text":"hi","__proto__":{"admin":true}},3]');
    await clock.settle();
    const answers = answersOf(client);
    expect(answers["2"]).toMatchObject(refusal("invalid_payload"));
    expect(answers["3"]).toMatchObject({ status: "ok" });
    expect({}).not.toHaveProperty("admin");
    await stop();
  });
});

const anything = schemaThat((value) => ({ value }));

describe("a channel with schemas", () => {
  test("refuses events that have none, whatever they are called", async () => {
    const { ask, stop } = await scene({ in: { say: anything } });
    const events = ["shout", "__proto__", "constructor", "toString", "hasOwnProperty", "join", ""];
    const frames = events.map((event, index) => [`${index + 2}`, event, {}] as const);
    const answers = await ask(["1", "phx_join", {}], ...frames, ["20", "say", 1]);
    for (const [ref] of frames) expect(answers[ref]).toEqual(refusal("unknown_event"));
    expect(answers["20"]).toMatchObject({ status: "ok" });
    await stop();
  });

  test("for joins alone takes any event", async () => {
    const { ask, stop } = await scene({ join: anything });
    const answers = await ask(["1", "phx_join", {}], ["2", "shout", 1]);
    expect(answers["2"]).toEqual({ status: "ok", response: { event: "shout", payload: 1 } });
    await stop();
  });

  test("acknowledges what it refused, with a ref and without", async () => {
    const { ask, client, clock, stop } = await scene({ in: {} });
    await ask(["1", "phx_join", {}], ["2", "shout", 1]);
    client.socket.arrive(["1", null, "room:a", "shout", 1, 3]);
    await clock.advance(1_000);
    expect(client.socket.take()).toContainEqual([null, null, "phoenix", "ack", { ack: 3 }]);
    await stop();
  });

  test("keeps the order of a client's pushes while an async schema takes its time", async () => {
    const { schema, answer } = slowSchema();
    const { ask, client, clock, stop } = await scene({ in: { slow: schema, fast: anything } });
    expect(Object.keys(await ask(["1", "phx_join", {}], ["2", "slow", 1], ["3", "fast", 2]))).toEqual(["1"]);
    answer[0]?.("slow");
    await clock.settle();
    expect(client.socket.take().map((frame) => (Array.isArray(frame) ? frame[1] : frame))).toEqual(["2", "3"]);
    await stop();
  });

  test("waits with the join for an async schema, and with what the client sent behind it", async () => {
    const { schema, answer } = slowSchema();
    const { ask, client, clock, stop } = await scene({ join: schema, in: { say: anything } });
    expect(await ask(["1", "phx_join", {}], ["2", "say", 2])).toEqual({});
    answer[0]?.({ let: "in" });
    await clock.settle();
    expect(client.socket.take().map(numbered)).toMatchObject([
      ["1", "1", "room:a", "phx_reply", { response: { params: { let: "in" } } }, 1],
      ["1", "2", "room:a", "phx_reply", { response: { payload: 2 } }, 2],
    ]);
    await stop();
  });

  test("does not wait for ever: a schema that never answers refuses after 5,000 ms, and is reported", async () => {
    const never = schemaThat(() => new Promise(() => undefined));
    const joining = await scene({ join: never });
    await joining.ask(["1", "phx_join", {}]);
    await joining.clock.advance(4_999);
    expect(answersOf(joining.client)).toEqual({});
    await joining.clock.advance(1);
    expect(answersOf(joining.client)).toEqual({ 1: refusal("schema_failed") });
    await joining.stop();

    const pushing = await scene({ in: { slow: never, fast: anything } });
    await pushing.ask(["1", "phx_join", {}], ["2", "slow", 1], ["3", "fast", 1]);
    await pushing.clock.advance(5_000);
    const answers = answersOf(pushing.client);
    expect(answers).toMatchObject({ 2: refusal("schema_failed"), 3: { status: "ok" } });
    expect(troubles(pushing.reports).map(({ type }) => type)).toEqual(["schema_failed"]);
    await pushing.stop();
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("the password is hunter2");
      },
    ],
    ["rejects", () => Promise.reject(new Error("the password is hunter2"))],
    ["gives nonsense", () => "hunter2"],
  ])("tells a client of a schema that %s no more than that it failed, and reports the rest", async (_, answer) => {
    const broken: StandardSchema = schemaThat(answer);
    const { ask, client, reports, stop } = await scene({ in: { say: broken, other: anything } });
    const answers = await ask(["1", "phx_join", {}], ["2", "say", 1], ["3", "other", 1]);
    expect(answers).toMatchObject({
      2: { status: "error", response: { reason: "schema_failed" } },
      3: { status: "ok" },
    });
    expect(JSON.stringify([answers, client.socket.sent])).not.toContain("hunter2");
    expect(troubles(reports)).toMatchObject([{ type: "schema_failed", text: expect.stringContaining("hunter2") }]);
    await stop();
  });

  test("is refused by the route table when a schema is none", () => {
    const wrong: readonly unknown[] = [{ in: { say: {} } }, { join: 1 }, { out: {} }];
    for (const schemas of wrong) {
      expect(() => new RouteTable({ "room:*": roomWith(JSON.parse(JSON.stringify(schemas))) })).toThrow(
        /Expected Room.schemas/,
      );
    }
  });
});
