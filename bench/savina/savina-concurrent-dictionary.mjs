/**
 * Savina "Concurrent Dictionary": 20 workers send 10,000 requests each to one actor with a dictionary of 524,287 entries, each when the one
 * before was answered; a tenth of them write. The dictionary is filled outside the measured time.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { nextRandom, startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const WORKERS = 20;
const REQUESTS = 10_000;
const WRITE_PERCENTAGE = 10;
const ENTRIES = 524_287;
// What the chains of the 20 workers come to; the same in bench/peers/bench_savina.erl.
const WRITES = 19_913;
const EXPECTED = { reads: WORKERS * REQUESTS - WRITES, writes: WRITES, answers: WORKERS * REQUESTS, entries: ENTRIES };

/** @returns {Map<number, number>} */
function filled() {
  const entries = new Map();
  for (let key = 0; key < ENTRIES; key++) entries.set(key, key);
  return entries;
}

/**
 * @param {number} random
 * @returns {boolean} whether the request that it stands for writes
 */
function writes(random) {
  return (random >> 4) % 100 < WRITE_PERCENTAGE;
}

/**
 * @param {number} random
 * @returns {number} the key that it stands for
 */
function keyOf(random) {
  return (random * 8 + (random & 7)) % ENTRIES;
}

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();
  const entries = filled();

  /** @extends {Actor<(counts: Counts) => void>} */
  class Dictionary extends Actor {
    reads = 0;
    writes = 0;
    answers = 0;
    finished = 0;
    /** @param {(counts: Counts) => void} done @override */
    init(done) {
      this.done = done;
    }
    /**
     * @param {ActorRef<Worker>} from
     * @param {number} key
     */
    read(from, key) {
      this.reads++;
      from.cast.result(entries.get(key));
    }
    /**
     * @param {ActorRef<Worker>} from
     * @param {number} key
     * @param {number} value
     */
    write(from, key, value) {
      this.writes++;
      entries.set(key, value);
      from.cast.result(value);
    }
    /** @param {number} answers */
    finish(answers) {
      this.answers += answers;
      if (++this.finished < WORKERS) return;
      this.done?.({ reads: this.reads, writes: this.writes, answers: this.answers, entries: entries.size });
      this.stop();
    }
  }

  /** @extends {Actor<{ seed: number, dictionary: ActorRef<Dictionary> }>} */
  class Worker extends Actor {
    seed = 0;
    sent = 0;
    answers = 0;
    /** @param {{ seed: number, dictionary: ActorRef<Dictionary> }} args @override */
    init({ seed, dictionary }) {
      this.seed = seed;
      this.dictionary = dictionary;
      this.#next();
    }
    /** @param {number | undefined} value */
    result(value) {
      if (value !== undefined) this.answers++;
      if (this.sent < REQUESTS) return this.#next();
      this.dictionary?.cast.finish(this.answers);
      this.stop();
    }
    #next() {
      this.sent++;
      const random = nextRandom(this.seed);
      this.seed = nextRandom(random);
      const key = keyOf(this.seed);
      if (writes(random)) this.dictionary?.cast.write(this.self(), key, random);
      else this.dictionary?.cast.read(this.self(), key);
    }
  }

  return timedProgram(
    durations,
    EXPECTED,
    () =>
      new Promise((done) => {
        const dictionary = system.spawn(Dictionary, done);
        for (let i = 1; i <= WORKERS; i++) system.spawn(Worker, { seed: i, dictionary });
      }),
  );
}

/**
 * @param {Durations} durations
 * @param {Plain} peer
 */
function plain(durations, { spawn, send, stop }) {
  const entries = filled();
  return timedProgram(durations, EXPECTED, async () => {
    const counts = { reads: 0, writes: 0, answers: 0, entries: 0 };
    let finished = 0;
    let finish = () => {};
    const done = new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    /** @type {unknown[]} */ const workers = [];
    const dictionary = await spawn(({ type, from, key, value }) => {
      if (type === "read") {
        counts.reads++;
        send(workers[from], entries.get(key));
      } else if (type === "write") {
        counts.writes++;
        entries.set(key, value);
        send(workers[from], value);
      } else if (++finished === WORKERS) {
        counts.entries = entries.size;
        finish();
      }
    });
    for (let from = 0; from < WORKERS; from++) {
      let seed = from + 1;
      let sent = 0;
      workers.push(
        await spawn((value) => {
          if (sent > 0 && value !== undefined) counts.answers++;
          if (sent++ === REQUESTS) return send(dictionary, { type: "finish" });
          const random = nextRandom(seed);
          seed = nextRandom(random);
          const key = keyOf(seed);
          if (writes(random)) send(dictionary, { type: "write", from, key, value: random });
          else send(dictionary, { type: "read", from, key });
        }),
      );
    }
    for (const worker of workers) send(worker, "start");
    await done;
    for (const actor of [...workers, dictionary]) await stop(actor);
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
