/**
 * A message to 100,000 actors that have subscribed to its topic: milliseconds until each has handled it, and the longest stretch meanwhile in
 * which the loop did nothing else; of both the median round. `publish` of `topicsOf`; `emit` of an EventEmitter with as many listeners; `pg:get_members` and `!`.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { EventEmitter } from "node:events";
import { loadActors, loadKernel } from "../harness/packages.mjs";
import { MANY, medianRound } from "./meter.mjs";

/** Measures how long the loop is kept from whatever else there is to do. */
class PauseMeter {
  #last = 0;
  #longestMs = 0;
  #running = false;

  start() {
    this.#running = true;
    this.#longestMs = 0;
    this.#last = performance.now();
    setImmediate(() => this.#look());
  }

  /** @returns {number} the longest pause since the start, in milliseconds */
  stop() {
    this.#running = false;
    this.#note();
    return this.#longestMs;
  }

  #look() {
    if (!this.#running) return;
    this.#note();
    setImmediate(() => this.#look());
  }

  #note() {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#last);
    this.#last = nowMs;
  }
}

/**
 * @param {Durations} durations
 * @param {() => Promise<void>} publish resolves when everybody has handled the message
 */
async function measure(durations, publish) {
  const pauses = new PauseMeter();
  const countFrom = performance.now() + durations.warmMs;
  /** @type {number[]} */ const longest = [];
  const value = await medianRound(durations, async () => {
    // A turn of its own: what the last round left behind is not part of this one.
    await new Promise((resolve) => setImmediate(resolve));
    const startedAtMs = performance.now();
    pauses.start();
    await publish();
    const longestMs = pauses.stop();
    if (startedAtMs >= countFrom || longest.length === 0) longest.push(longestMs);
    return performance.now() - startedAtMs;
  });
  longest.sort((a, b) => a - b);
  return { value, pause: longest[Math.floor((longest.length - 1) / 2)] ?? 0 };
}

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { Topics, topicsOf } = await loadActors();
  let left = 0;
  let allHandled = () => {};

  class Member extends Actor {
    /** @override */
    init() {
      topicsOf(this.system).subscribe("bench", this.self());
    }
    /** @override */
    handleInfo() {
      if (--left === 0) allHandled();
    }
  }

  const system = await createSystem();
  await system.start(Topics);
  for (let i = 0; i < MANY; i++) await system.start(Member);
  const topics = topicsOf(system);
  return measure(durations, async () => {
    left = MANY;
    const done = new Promise((resolve) => {
      allHandled = () => resolve(undefined);
    });
    topics.publish("bench", "news", { n: 1 });
    await done;
  });
}

/** @param {Durations} durations */
export async function eventemitter(durations) {
  const events = new EventEmitter();
  events.setMaxListeners(MANY);
  let left = 0;
  let allHandled = () => {};
  for (let i = 0; i < MANY; i++) {
    events.on("bench", () => {
      if (--left === 0) allHandled();
    });
  }
  return measure(durations, async () => {
    left = MANY;
    const done = new Promise((resolve) => {
      allHandled = () => resolve(undefined);
    });
    events.emit("bench", { topic: "bench", event: "news", payload: { n: 1 } });
    await done;
  });
}
