/**
 * Savina "Thread Ring": a token makes 100,000 hops in a ring of 100 actors; then an order to end goes round once.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const ACTORS = 100;
const HOPS = 100_000;
// The token that says 0 hops are left is handled too.
const EXPECTED = { hops: HOPS + 1, ended: ACTORS };

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();
  let hops = 0;
  let ended = 0;
  /** @type {(counts: Counts) => void} */ let done = () => {};

  class Hop extends Actor {
    /** @type {ActorRef<Hop> | undefined} */ next = undefined;
    hops = 0;
    /** @param {ActorRef<Hop> | undefined} next */
    connect(next) {
      this.next = next;
    }
    /** @param {number} left */
    token(left) {
      this.hops++;
      if (left > 0) this.next?.cast.token(left - 1);
      else this.next?.cast.end(ACTORS - 1);
    }
    /** @param {number} left */
    end(left) {
      hops += this.hops;
      ended++;
      if (left > 0) this.next?.cast.end(left - 1);
      else done({ hops, ended });
      this.stop();
    }
  }

  return timedProgram(durations, EXPECTED, () => {
    hops = 0;
    ended = 0;
    const ring = Array.from({ length: ACTORS }, () => system.spawn(Hop));
    ring.forEach((hop, i) => hop.cast.connect(ring[(i + 1) % ACTORS]));
    ring[0]?.cast.token(HOPS);
    return new Promise((resolve) => {
      done = resolve;
    });
  });
}

/**
 * @param {Durations} durations
 * @param {Plain} peer
 */
function plain(durations, { spawn, send, stop }) {
  return timedProgram(durations, EXPECTED, async () => {
    let hops = 0;
    let ended = 0;
    let finish = () => {};
    const finished = new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    /** @type {unknown[]} */ const ring = [];
    for (let i = 0; i < ACTORS; i++) {
      const next = (i + 1) % ACTORS;
      ring.push(
        await spawn(({ type, left }) => {
          if (type === "token") {
            hops++;
            send(ring[next], left > 0 ? { type, left: left - 1 } : { type: "end", left: ACTORS - 1 });
            return;
          }
          ended++;
          if (left > 0) send(ring[next], { type, left: left - 1 });
          else finish();
        }),
      );
    }
    send(ring[0], { type: "token", left: HOPS });
    await finished;
    for (const hop of ring) await stop(hop);
    return { hops, ended };
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
