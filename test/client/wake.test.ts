import { afterEach, describe, expect, it, vi } from "vitest";
import { browserWake } from "../../src/client/wake.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a browser", () => {
  it("wakes the client when it comes online and when the tab is shown or hidden, until it is told not to", () => {
    const window = new EventTarget();
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    let wakes = 0;
    const stop = browserWake(() => (wakes += 1));
    window.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(new Event("online"));
    expect(wakes).toBe(2);
    stop();
    window.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(new Event("online"));
    expect(wakes).toBe(2);
  });
});

describe("Node", () => {
  it("never wakes the client", () => {
    expect(() => browserWake(() => undefined)()).not.toThrow();
  });
});
