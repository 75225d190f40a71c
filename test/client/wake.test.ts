import { afterEach, describe, expect, it, vi } from "vitest";
import { browserWake } from "../../src/client/wake.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a browser", () => {
  it("wakes the client when it comes online and when the tab becomes visible, until it is told not to", () => {
    const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
    const network = new EventTarget();
    vi.stubGlobal("document", page);
    vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
    vi.stubGlobal("removeEventListener", network.removeEventListener.bind(network));
    let wakes = 0;
    const stop = browserWake(() => (wakes += 1));
    page.dispatchEvent(new Event("visibilitychange"));
    expect(wakes).toBe(0);
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    network.dispatchEvent(new Event("online"));
    expect(wakes).toBe(2);
    stop();
    page.dispatchEvent(new Event("visibilitychange"));
    network.dispatchEvent(new Event("online"));
    expect(wakes).toBe(2);
  });
});

describe("Node", () => {
  it("never wakes the client", () => {
    expect(() => browserWake(() => undefined)()).not.toThrow();
  });
});
