/**
 * Savina "Big": 120 actors send 20,000 pings each, every one to a random actor of the 120 and when the one before was answered. A sink is
 * told by each that has finished, and then tells all to end.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { nextRandom, startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const ACTORS = 120;
const PINGS = 20_000;
const EXPECTED = { pings: ACTORS * PINGS, pongs: ACTORS * PINGS, ended: ACTORS };

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();
  let pings = 0;
  let pongs = 0;
  let ended = 0;
  /** @type {(counts: Counts) => void} */ let done = () => {};

  /** @extends {Actor<{ seed: number, peers: ActorRef<Peer>[], sink: ActorRef<Sink> }>} */
  class Peer extends Actor {
    seed = 0;
    pings = 0;
    pongs = 0;
    /** @type {ActorRef<Peer>[]} */ peers = [];
    /** @param {{ seed: number, peers: ActorRef<Peer>[], sink: ActorRef<Sink> }} args @override */
    init({ seed, peers, sink }) {
      this.seed = seed;
      this.peers = peers;
      this.sink = sink;
    }
    next() {
      this.seed = nextRandom(this.seed);
      this.peers[this.seed % ACTORS]?.cast.ping(this.self());
    }
    /** @param {ActorRef<Peer>} from */
    ping(from) {
      this.pings++;
      from.cast.pong();
    }
    pong() {
      if (++this.pongs < PINGS) this.next();
      else this.sink?.cast.finished(this.peers);
    }
    end() {
      pings += this.pings;
      pongs += this.pongs;
      if (++ended === ACTORS) done({ pings, pongs, ended });
      this.stop();
    }
  }

  class Sink extends Actor {
    finishers = 0;
    /** @param {ActorRef<Peer>[]} peers */
    finished(peers) {
      if (++this.finishers < ACTORS) return;
      for (const peer of peers) peer.cast.end();
      this.stop();
    }
  }

  return timedProgram(durations, EXPECTED, () => {
    pings = 0;
    pongs = 0;
    ended = 0;
    const sink = system.spawn(Sink);
    /** @type {ActorRef<Peer>[]} */ const peers = [];
    for (let i = 0; i < ACTORS; i++) peers.push(system.spawn(Peer, { seed: i, peers, sink }));
    for (const peer of peers) peer.cast.next();
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
    let pings = 0;
    let pongs = 0;
    let ended = 0;
    let finish = () => {};
    const done = new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    let finishers = 0;
    /** @type {unknown[]} */ const peers = [];
    const sink = await spawn(() => {
      if (++finishers === ACTORS) for (const peer of peers) send(peer, { type: "end", from: -1 });
    });
    for (let i = 0; i < ACTORS; i++) {
      let seed = i;
      let answered = 0;
      const next = () => {
        seed = nextRandom(seed);
        send(peers[seed % ACTORS], { type: "ping", from: i });
      };
      peers.push(
        await spawn(({ type, from }) => {
          if (type === "ping") {
            pings++;
            send(peers[from], { type: "pong", from: i });
          } else if (type === "pong") {
            pongs++;
            if (++answered < PINGS) next();
            else send(sink, "finished");
          } else if (type === "start") {
            next();
          } else if (++ended === ACTORS) {
            finish();
          }
        }),
      );
    }
    for (const peer of peers) send(peer, { type: "start", from: -1 });
    await done;
    for (const actor of [...peers, sink]) await stop(actor);
    return { pings, pongs, ended };
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
