import { describe, expect, test } from "vitest";
import { Circuit } from "../../../actors/lease/circuit.js";

const options = { failures: 3, firstPauseMs: 100, longestPauseMs: 1_000 };

/** A circuit after some failures, each at the moment when the attempt was allowed, with pauses of full length. */
function failed(times: number): { circuit: Circuit; now: number } {
  const circuit = new Circuit(options);
  let now = 0;
  for (let n = 0; n < times; n++) {
    now = Math.max(now, circuit.retryAt);
    circuit.failed(now, now, 1);
  }
  return { circuit, now };
}

describe("circuit", () => {
  test("is closed at first and allows everything", () => {
    const { circuit } = failed(0);
    expect([circuit.state(0), circuit.allowed(0), circuit.tripped]).toEqual([
      "closed",
      Number.POSITIVE_INFINITY,
      false,
    ]);
  });

  test("pauses after each failure, each time twice as long, and then allows one attempt at a time", () => {
    const { circuit, now } = failed(2);
    expect(circuit.retryAt - now).toBe(200);
    expect([circuit.state(now), circuit.allowed(now), circuit.allowed(now + 200)]).toEqual(["closed", 0, 1]);
  });

  test("opens after so many failures in a row, and is half open when its pause is over", () => {
    const { circuit, now } = failed(3);
    expect([circuit.state(now), circuit.state(now + 399), circuit.state(now + 400)]).toEqual([
      "open",
      "open",
      "half_open",
    ]);
    expect(circuit.allowed(now + 400)).toBe(1);
  });

  test("opens again when the attempt fails that it allowed, and closes when it succeeds", () => {
    const { circuit, now } = failed(4);
    expect([circuit.state(now), circuit.retryAt - now]).toEqual(["open", 800]);
    circuit.succeeded();
    expect([circuit.state(now), circuit.failures, circuit.allowed(now)]).toEqual([
      "closed",
      0,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test("attempts that began before it opened do not prolong its pause", () => {
    const circuit = new Circuit(options);
    for (let n = 0; n < 10; n++) circuit.failed(0, 50, 1);
    expect(circuit.failures).toBe(3);
    expect(circuit.retryAt).toBe(450);
  });

  test("pauses are drawn between half of their length and all of it, and have a limit", () => {
    const circuit = new Circuit(options);
    circuit.failed(0, 0, 0);
    expect(circuit.retryAt).toBe(50);
    expect(failed(20).circuit.retryAt - failed(20).now).toBe(1_000);
    expect(Number.isFinite(failed(2_000).circuit.retryAt)).toBe(true);
  });
});
