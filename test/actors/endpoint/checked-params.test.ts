import { type Credentials, withParams } from "holdfast/actors";
import { describe, expect, test } from "vitest";
import { checkEndpointOptions } from "../../../actors/endpoint/options.js";
import { libraries, schemaThat } from "../../schemas.js";
import { endpoint, hello } from "../session/room.js";

const refused = async (authenticate: ReturnType<typeof withParams>, params: unknown, afterMs = 0) => {
  const end = await endpoint({ authenticate });
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ann", params }]);
  await end.clock.settle();
  await end.clock.advance(afterMs);
  const reports = end.reports.filter(({ level }) => level === "error");
  await end.stop();
  return { frames: socket.take(), closed: socket.closedWith, reports };
};

describe.each(libraries)("params checked by $library", ({ parsed, said }) => {
  test("that fit are what authenticate gets, as the schema gives them", async () => {
    const seen: Credentials<{ n: number }>[] = [];
    const end = await endpoint({
      authenticate: withParams(parsed, (credentials) => {
        seen.push(credentials);
        return { user: `user-${credentials.params.n + 1}` };
      }),
    });
    expect(await hello(end, { params: { n: "41" } })).toMatchObject({ resumed: false });
    expect(seen).toEqual([{ params: { n: 41 }, token: "ann", remoteAddress: "127.0.0.1" }]);
    await end.stop();
  });

  test("that do not fit refuse the hello with the issues, and authenticate is not asked", async () => {
    let asked = 0;
    const authenticate = withParams(said, () => {
      asked++;
      return {};
    });
    const { frames, closed, reports } = await refused(authenticate, { text: 1 });
    expect(frames).toMatchObject([
      [
        null,
        "1",
        "phoenix",
        "phx_reply",
        { status: "error", response: { reason: "invalid_params", issues: [{ path: ["text"] }] } },
      ],
    ]);
    expect(closed).toMatchObject({ code: 4003, reason: '{"reason":"invalid_params"}' });
    expect([asked, reports]).toEqual([0, []]);
  });

  test("of a stock client are those of its URL", async () => {
    const seen: unknown[] = [];
    const authenticate = withParams(parsed, ({ params }) => {
      seen.push(params);
      return {};
    });
    for (const params of [{ n: "5" }, { m: "5" }]) {
      const end = await endpoint({ authenticate });
      const { socket } = await end.connect(params);
      socket.arrive(["1", "1", "room:a", "phx_join", {}]);
      await end.clock.settle();
      if ("n" in params) expect(socket.take()).toMatchObject([["1", "1", "room:a", "phx_reply", { status: "ok" }]]);
      else expect(socket.closedWith).toMatchObject({ code: 4003, reason: '{"reason":"invalid_params"}' });
      await end.stop();
    }
    expect(seen).toEqual([{ n: 5 }]);
  });
});

describe("a schema of params", () => {
  test.each([
    [
      "throws",
      0,
      () => {
        throw new Error("boom");
      },
    ],
    ["never answers", 10_000, () => new Promise(() => undefined)],
  ])("that %s refuses the client, and is reported", async (_, afterMs, answer) => {
    const { frames, closed, reports } = await refused(
      withParams(schemaThat(answer), () => ({})),
      {},
      afterMs,
    );
    expect(frames).toMatchObject([[null, "1", "phoenix", "phx_reply", { response: { reason: "forbidden" } }]]);
    expect(JSON.stringify(frames)).not.toContain("boom");
    expect(closed?.code).toBe(4003);
    expect(reports).toMatchObject([{ type: "authenticate_failed", text: expect.stringContaining("SchemaError") }]);
  });

  test("does not keep authenticate from refusing", async () => {
    const { frames } = await refused(
      withParams(
        schemaThat((value) => ({ value })),
        async () => undefined,
      ),
      {},
    );
    expect(frames).toMatchObject([[null, "1", "phoenix", "phx_reply", { response: { reason: "forbidden" } }]]);
  });

  test("that is none is refused at once, and so is an authenticate that is none", () => {
    expect(() => withParams(JSON.parse("{}"), () => ({}))).toThrow(/Expected a schema/);
    expect(() =>
      withParams(
        schemaThat((value) => ({ value })),
        JSON.parse("1"),
      ),
    ).toThrow(/Expected authenticate to be a function/);
    expect(() => checkEndpointOptions({ socket: { channels: {}, authenticate: JSON.parse("{}") } })).toThrow(
      /withParams/,
    );
  });
});
