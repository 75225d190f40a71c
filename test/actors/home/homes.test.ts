import { afterEach, describe, expect, it, vi } from "vitest";
import type { Clients } from "../../../actors/index.js";
import { homeOf } from "../../../actors/home/sid-rule.js";
import { HomesStage } from "./stage.js";

let stage: HomesStage;

afterEach(async () => {
  await stage.stop();
});

const BOGUS = "aaaaaaaaaaaa~x";

describe("a home", () => {
  it("is claimed by each node before its first session begins, and named by the public ids of its sessions", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const [homeOfA, homeOfB] = [stage.home("a"), stage.home("b")];
    expect(homeOfA).not.toBe(homeOfB);
    expect(await stage.owners()).toEqual({ [homeOfA]: "a a", [homeOfB]: "b b" });
    const { response } = await stage.greet("a");
    expect(homeOf(response?.sid ?? "")).toBe(homeOfA);
    expect(stage.status("a")).toEqual({ kind: "homes", own: homeOfA, homes: 1, known: 2 });
  });

  it("tells every node where a session lives", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const sid = stage.table("a").newSid();
    expect([stage.where("a", sid), stage.where("b", sid)]).toEqual(["here", "at a"]);
    // The id of a session that began where there was no cluster.
    expect([stage.where("a", "V1StGXR8_Z5jdHi6B-myT"), stage.where("b", "V1StGXR8_Z5jdHi6B-myT")]).toEqual([
      "here",
      "here",
    ]);
  });

  it("that nobody knows is asked for once, and then unknown", async () => {
    stage = await HomesStage.create(["a", "b"]);
    expect(stage.where("a", BOGUS)).toBe("coming");
    expect(stage.where("a", "bbbbbbbbbbbb~x")).toBe("coming");
    await stage.settle(1);
    expect([stage.where("a", BOGUS), stage.where("a", "bbbbbbbbbbbb~x")]).toEqual(["unknown", "unknown"]);
    const { response } = await stage.greet("a", { sid: BOGUS, secret: "x" });
    expect(response).toMatchObject({ resumed: false, reason: "unknown" });
  });

  it("of a node that has just begun is found before the news of it has come", async () => {
    stage = await HomesStage.create(["a", "b"]);
    stage.cluster.network.setFaults({ delayMs: [50, 50] });
    await stage.start("c");
    const sid = stage.table("c").newSid();
    expect(stage.where("a", sid)).toBe("at c");
  });

  it("of a node that cannot be heard is for later, and for now again when it can", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { response } = await stage.greet("a");
    const sid = response?.sid ?? "";
    stage.cluster.network.mute("a", "b");
    await stage.settle(2_500);
    expect(stage.where("b", sid)).toBe("later");
    const { close } = await stage.greet("b", response);
    expect(close).toMatchObject({ code: 4204, reason: "moved", retryAfterMs: expect.any(Number) });
    expect(close?.retryAfterMs).toBeGreaterThanOrEqual(200);
    expect(close?.retryAfterMs).toBeLessThanOrEqual(400);
    stage.cluster.network.heal();
    await stage.settle(1_000);
    expect(stage.where("b", sid)).toBe("at a");
  });

  it("is gone with its node where nothing is kept", async () => {
    stage = await HomesStage.create(["a", "b"], "memory");
    const { response } = await stage.greet("b");
    await stage.kill("b");
    await stage.settle(1);
    expect(stage.where("a", response?.sid ?? "")).toBe("unknown");
    expect(await stage.owners()).toEqual({ [stage.home("a")]: "a" });
    expect((await stage.greet("a", response)).response).toMatchObject({ resumed: false, reason: "unknown" });
  });

  it("that is new is claimed by a node whose way to the register fails at first", async () => {
    stage = await HomesStage.create(["a"]);
    await stage.cluster.start("b");
    stage.cluster.network.partition(["a"], ["b"]);
    const serving = stage.serve("b");
    await stage.settle(1_500);
    stage.cluster.network.heal();
    await stage.settle(2_000);
    await serving;
    expect(Object.values(await stage.owners())).toEqual(expect.arrayContaining(["a a", "b b"]));
  });
});

describe("a node that has lost its place", () => {
  it("ends its sessions and lets their clients go at once; they come back elsewhere, and nobody is taken any more", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { socket, response } = await stage.greet("b");
    const { system } = stage.node("b");
    const closed: number[] = [];
    socket.onclose = ({ code }) => closed.push(code);
    stage.cluster.network.partition(["a"], ["b"]);
    await stage.settle(5_000);
    expect(closed).toEqual([4201]);
    expect(stage.where("b", response?.sid ?? "")).toBe("later");
    expect(await system.whereis<Clients>("endpoint.clients")?.call.counts()).toMatchObject({
      online: 0,
      detached: 0,
    });
    const { close } = await stage.greet("b", response);
    expect(close?.code).not.toBe(undefined);
    expect(stage.status("b")).toMatchObject({ fenced: true });
  });

  it("tells clients when to come back for what they have, also before it has heard that it has", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { socket, response } = await stage.greet("b");
    const closes: string[] = [];
    socket.onclose = ({ code, reason }) => closes.push(`${code} ${reason}`);
    // By its own clock, which nobody has looked at yet.
    vi.spyOn(stage.node("b").cluster, "holdsPlace", "get").mockReturnValue(false);
    socket.send(JSON.stringify([null, "1", "phoenix", "ack", { ack: 0 }]));
    await stage.settle(10);
    expect(closes).toEqual([expect.stringMatching(/^4204 \{"reason":"moved","retryAfterMs":\d+\}$/)]);
    const resuming = await stage.greet("b", response, 20);
    expect(resuming.close).toMatchObject({ code: 4204, reason: "moved", retryAfterMs: expect.any(Number) });
    const beginning = await stage.greet("b", undefined, 20);
    expect(beginning.close).toMatchObject({ code: 4204, retryAfterMs: expect.any(Number) });
    expect(stage.status("b")).not.toMatchObject({ fenced: true });
  });

  it("can do nothing with its sessions when it wakes after others have taken them over", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { response, socket } = await stage.greet("b");
    const held = { sid: response?.sid ?? "", secret: response?.secret ?? "" };
    const closed: number[] = [];
    socket.onclose = ({ code }) => closed.push(code);
    const home = stage.home("b");
    stage.cluster.network.pause("b");
    await stage.settle(6_000);
    expect(stage.register(home)?.owner).toBe("a a");
    const back = await stage.greet("a", held);
    expect(back.response).toMatchObject({ sid: held.sid, resumed: true });
    // What its client still says to it comes too late.
    socket.send(JSON.stringify(["1", "1", "room:1", "phx_join", {}, 1]));
    stage.cluster.network.resume("b");
    await stage.settle(5_000);
    expect(closed).toHaveLength(1);
    expect(stage.where("b", held.sid)).toBe("later");
    expect([stage.where("a", held.sid), stage.register(home)?.owner]).toEqual(["here", "a a"]);
    expect(back.socket.readyState).toBe(1);
    expect(await stage.folders.at("x").list()).toEqual(["a", "x"]);
  });
});
