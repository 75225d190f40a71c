/**
 * Savina "Counting Actor": one actor posts 1,000,000 messages to a second, which counts them, and then asks for the count.
 *
 * Nobody waits for anybody before the end, so the mailbox of the counter is as deep as the peer lets it be.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const MESSAGES = 1_000_000;
const EXPECTED = { messages: MESSAGES };

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();

  class Counter extends Actor {
    messages = 0;
    increment() {
      this.messages++;
    }
    /** @param {ActorRef<Producer>} from */
    report(from) {
      from.cast.counted(this.messages);
      this.stop();
    }
  }

  /** @extends {Actor<(counts: Counts) => void>} */
  class Producer extends Actor {
    /** @param {(counts: Counts) => void} done @override */
    init(done) {
      this.done = done;
    }
    /** @param {ActorRef<Counter>} counter */
    produce(counter) {
      for (let i = 0; i < MESSAGES; i++) counter.cast.increment();
      counter.cast.report(this.self());
    }
    /** @param {number} messages */
    counted(messages) {
      this.done?.({ messages });
      this.stop();
    }
  }

  return timedProgram(
    durations,
    EXPECTED,
    () => new Promise((done) => system.spawn(Producer, done).cast.produce(system.spawn(Counter))),
  );
}

/**
 * @param {Durations} durations
 * @param {Plain} peer
 */
function plain(durations, { spawn, send, stop }) {
  return timedProgram(durations, EXPECTED, async () => {
    let messages = 0;
    /** @type {(counts: Counts) => void} */ let done = () => {};
    /** @type {Promise<Counts>} */
    const finished = new Promise((resolve) => {
      done = resolve;
    });
    const counter = await spawn((message) => {
      if (message === "increment") messages++;
      else send(producer, messages);
    });
    const producer = await spawn((message) => {
      if (message !== "produce") return done({ messages: message });
      for (let i = 0; i < MESSAGES; i++) send(counter, "increment");
      send(counter, "report");
    });
    send(producer, "produce");
    const counts = await finished;
    await stop(producer);
    await stop(counter);
    return counts;
  });
}

/** @param {Durations} durations */
export async function comedy(durations) {
  return plain(durations, await plainComedy());
}

/** @param {Durations} durations */
export async function nact(durations) {
  return plain(durations, await plainNact());
}
