import { describe, expect, test } from "vitest";
import { StreamWindow } from "../../../actors/task/stream-window.js";

const limits = { maxConcurrency: 2, ordered: true, maxBuffered: 1 };
const item = (name: string): { name: string } => ({ name });

describe("stream window", () => {
  test("no more than maxConcurrency run", () => {
    const window = new StreamWindow(limits);
    expect([window.start(), window.mayStart, window.start(), window.mayStart]).toEqual([0, true, 1, false]);
    window.finish(1, item("b"));
    expect([window.running, window.mayStart]).toEqual([1, true]);
  });

  test("in order, an outcome waits for the earlier ones", () => {
    const window = new StreamWindow<{ name: string }>(limits);
    window.start();
    window.start();
    window.finish(1, item("b"));
    expect(window.take()).toBeUndefined();
    window.finish(0, item("a"));
    expect([window.take(), window.take(), window.take()]).toEqual([item("a"), item("b"), undefined]);
  });

  test("out of order, the first that is ready is next", () => {
    const window = new StreamWindow<{ name: string }>({ ...limits, ordered: false });
    window.start();
    window.start();
    window.finish(1, item("b"));
    expect(window.take()).toEqual(item("b"));
    window.finish(0, item("a"));
    expect(window.take()).toEqual(item("a"));
  });

  test("with too many outcomes waiting for an earlier one nothing more is started", () => {
    const window = new StreamWindow(limits);
    for (const position of [1, 2]) {
      window.start();
      if (position === 1) window.start();
      window.finish(position, item(String(position)));
    }
    expect([window.running, window.mayStart]).toEqual([1, false]);
    window.finish(0, item("0"));
    window.take();
    window.take();
    expect(window.mayStart).toBe(true);
  });

  test("it is finished when the source has ended and all is given out", () => {
    const window = new StreamWindow(limits);
    expect(window.finished).toBe(false);
    window.start();
    window.endSource();
    expect([window.mayStart, window.finished]).toEqual([false, false]);
    window.finish(0, item("a"));
    expect(window.finished).toBe(false);
    window.take();
    expect(window.finished).toBe(true);
  });
});
