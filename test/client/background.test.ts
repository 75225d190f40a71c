import { afterEach, describe, expect, it, vi } from "vitest";
import { Stage } from "./stage.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A stage whose page is shown or hidden by the test. */
function page(): { stage: Stage; hide: () => void; show: () => void } {
  let hidden = false;
  const stage = new Stage({ hidden: () => hidden });
  const hide = (): void => {
    hidden = true;
  };
  const show = (): void => {
    hidden = false;
    stage.wake();
  };
  return { stage, hide, show };
}

describe("a hidden page", () => {
  it("that had no session tries no more until it is shown, and says so", () => {
    const { stage, hide, show } = page();
    hide();
    stage.socket.connect();
    stage.wire.closeFromServer();
    expect(stage.socket.state).toMatchObject({ name: "waiting", untilMs: 250 });
    stage.clock.advance(1_000_000);
    expect(stage.wires).toHaveLength(1);
    expect(stage.socket.state).toMatchObject({ name: "waiting", untilMs: Infinity });
    stage.wake();
    expect(stage.wires).toHaveLength(1);
    show();
    expect([stage.wires.length, stage.socket.state.name]).toEqual([2, "connecting"]);
  });

  it("does not use up its attempt out of turn by being shown", () => {
    const { stage, hide, show } = page();
    hide();
    stage.socket.connect();
    stage.wire.closeFromServer();
    stage.clock.advance(1_000);
    show();
    stage.wire.closeFromServer();
    stage.wake();
    expect(stage.wires).toHaveLength(3);
    stage.wire.closeFromServer();
    stage.wake();
    expect(stage.wires).toHaveLength(3);
  });

  it("whose session would expire goes on trying", () => {
    const { stage, hide } = page();
    stage.start();
    hide();
    stage.wire.closeFromServer();
    stage.waitOut();
    stage.wire.closeFromServer();
    stage.waitOut();
    stage.open();
    stage.welcome();
    expect(stage.socket.state).toMatchObject({ name: "open", resumed: true });
  });

  it("tries no sooner for being hidden", () => {
    const { stage, hide } = page();
    stage.start();
    stage.wire.closeFromServer();
    hide();
    stage.wake();
    expect([stage.wires.length, stage.socket.state.name]).toEqual([1, "waiting"]);
    stage.waitOut();
    expect(stage.wires).toHaveLength(2);
  });

  it("is what the browser says, by default", () => {
    vi.stubGlobal("document", { visibilityState: "hidden" });
    const stage = new Stage();
    stage.socket.connect();
    stage.wire.closeFromServer();
    stage.clock.advance(1_000);
    expect(stage.wires).toHaveLength(1);
  });
});

describe("a page that was frozen, or a machine that slept", () => {
  it("does not take a server for silent whose messages wait to be read", () => {
    const stage = new Stage();
    stage.start();
    stage.clock.sleep(3_600_000);
    expect(stage.socket.state.name).toBe("open");
    stage.wire.deliver({ topic: "phoenix", event: "ping" });
    stage.clock.advance(34_999);
    expect(stage.socket.state.name).toBe("open");
    stage.clock.advance(1);
    expect(stage.socket.state).toMatchObject({ name: "waiting", close: { code: 4203 } });
  });

  it("finds out within a second that the connection is gone", () => {
    const stage = new Stage();
    stage.start();
    stage.clock.sleep(3_600_000);
    stage.clock.advance(1_000);
    expect(stage.socket.state).toMatchObject({ name: "waiting", close: { code: 4203 } });
  });

  it("does not give up pushes whose replies wait to be read", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const push = room.push("say");
    stage.clock.sleep(60_000);
    expect(push.settled).toBe(false);
    stage.reply(stage.wire.of("say")[0]);
    stage.clock.advance(2_000);
    expect([push.settled, stage.errors]).toEqual([true, []]);
  });
});

describe("the state of a socket", () => {
  it("is told to who subscribes, and is the same object until it changes", () => {
    const stage = new Stage();
    const { subscribe } = stage.socket;
    const seen: unknown[] = [];
    const unsubscribe = subscribe(() => seen.push(stage.socket.state));
    stage.start();
    const { state } = stage.socket;
    expect(seen).toEqual([
      { name: "connecting", attempt: 0 },
      { name: "open", sessionId: "s1", resumed: false },
    ]);
    stage.wire.deliver({ topic: "phoenix", event: "ping" });
    expect(stage.socket.state).toBe(state);
    unsubscribe();
    stage.wire.closeFromServer();
    expect(seen).toHaveLength(2);
    expect(stage.socket.state).toMatchObject({ name: "waiting", untilMs: 250, close: { code: 1006, reason: "" } });
  });
});
