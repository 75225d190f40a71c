/**
 * Savina "Ping Pong": one actor sends 40,000 pings, each when the one before was answered.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const PINGS = 40_000;
const EXPECTED = { pings: PINGS, pongs: PINGS };

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();

  class Pong extends Actor {
    pings = 0;
    /** @param {ActorRef<Ping>} from */
    ping(from) {
      this.pings++;
      from.cast.pong();
    }
    /** @param {ActorRef<Ping>} from */
    finish(from) {
      from.cast.finished(this.pings);
      this.stop();
    }
  }

  /** @extends {Actor<{ pong: ActorRef<Pong>, done: (counts: Counts) => void }>} */
  class Ping extends Actor {
    pongs = 0;
    /** @param {{ pong: ActorRef<Pong>, done: (counts: Counts) => void }} args @override */
    init({ pong, done }) {
      this.other = pong;
      this.done = done;
      pong.cast.ping(this.self());
    }
    pong() {
      if (++this.pongs < PINGS) this.other?.cast.ping(this.self());
      else this.other?.cast.finish(this.self());
    }
    /** @param {number} pings */
    finished(pings) {
      this.done?.({ pings, pongs: this.pongs });
      this.stop();
    }
  }

  return timedProgram(
    durations,
    EXPECTED,
    () =>
      new Promise((done) => {
        system.spawn(Ping, { pong: system.spawn(Pong), done });
      }),
  );
}

/**
 * @param {Durations} durations
 * @param {Plain} peer
 */
function plain(durations, { spawn, send, stop }) {
  return timedProgram(durations, EXPECTED, async () => {
    let pings = 0;
    let pongs = 0;
    let finish = () => {};
    const finished = new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    const pong = await spawn(() => {
      pings++;
      send(ping, "pong");
    });
    const ping = await spawn(() => {
      if (++pongs < PINGS) send(pong, "ping");
      else finish();
    });
    send(pong, "ping");
    await finished;
    await stop(ping);
    await stop(pong);
    return { pings, pongs };
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
