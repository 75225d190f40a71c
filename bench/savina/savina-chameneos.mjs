/**
 * Savina "Chameneos": 100 creatures meet in pairs at a mall, 200,000 times, and change colour at each meeting. Everybody's messages go
 * through the one mall.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const CREATURES = 100;
const MEETINGS = 200_000;
// Both who meet count it.
const EXPECTED = { meetings: 2 * MEETINGS, faded: CREATURES };

/**
 * The colour that one takes when it meets another: the third one, or its own when both are alike.
 *
 * @param {number} mine 0, 1 or 2
 * @param {number} other
 */
function complement(mine, other) {
  return mine === other ? mine : 3 - mine - other;
}

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();

  /** @extends {Actor<{ mall: ActorRef<Mall>, colour: number }>} */
  class Creature extends Actor {
    colour = 0;
    meetings = 0;
    /** @param {{ mall: ActorRef<Mall>, colour: number }} args @override */
    init({ mall, colour }) {
      this.mall = mall;
      this.colour = colour;
      mall.cast.arrive(colour, this.self());
    }
    /**
     * @param {number} colour
     * @param {ActorRef<Creature>} other
     */
    meet(colour, other) {
      this.colour = complement(this.colour, colour);
      this.meetings++;
      other.cast.change(this.colour);
      this.mall?.cast.arrive(this.colour, this.self());
    }
    /** @param {number} colour */
    change(colour) {
      this.colour = colour;
      this.meetings++;
      this.mall?.cast.arrive(colour, this.self());
    }
    fade() {
      this.mall?.cast.count(this.meetings);
      this.stop();
    }
  }

  /** @extends {Actor<(counts: Counts) => void>} */
  class Mall extends Actor {
    /** @type {ActorRef<Creature> | undefined} */ waiting = undefined;
    left = MEETINGS;
    meetings = 0;
    faded = 0;
    /** @param {(counts: Counts) => void} done @override */
    init(done) {
      this.done = done;
    }
    /**
     * @param {number} colour
     * @param {ActorRef<Creature>} creature
     */
    arrive(colour, creature) {
      if (this.left === 0) {
        creature.cast.fade();
      } else if (this.waiting === undefined) {
        this.waiting = creature;
      } else {
        this.left--;
        this.waiting.cast.meet(colour, creature);
        this.waiting = undefined;
      }
    }
    /** @param {number} meetings */
    count(meetings) {
      this.meetings += meetings;
      if (++this.faded < CREATURES) return;
      this.done?.({ meetings: this.meetings, faded: this.faded });
      this.stop();
    }
  }

  return timedProgram(
    durations,
    EXPECTED,
    () =>
      new Promise((done) => {
        const mall = system.spawn(Mall, done);
        for (let i = 0; i < CREATURES; i++) system.spawn(Creature, { mall, colour: i % 3 });
      }),
  );
}

/**
 * @param {Durations} durations
 * @param {Plain} peer
 */
function plain(durations, { spawn, send, stop }) {
  return timedProgram(durations, EXPECTED, async () => {
    let waiting = -1;
    let left = MEETINGS;
    let sum = 0;
    let faded = 0;
    let finish = () => {};
    const finished = new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    const mall = await spawn(({ type, colour, creature, meetings }) => {
      if (type === "count") {
        sum += meetings;
        if (++faded === CREATURES) finish();
      } else if (left === 0) {
        send(creatures[creature], { type: "fade" });
      } else if (waiting === -1) {
        waiting = creature;
      } else {
        left--;
        send(creatures[waiting], { type: "meet", colour, other: creature });
        waiting = -1;
      }
    });
    /** @type {unknown[]} */ const creatures = [];
    for (let i = 0; i < CREATURES; i++) {
      let mine = i % 3;
      let meetings = 0;
      const arrive = () => send(mall, { type: "arrive", colour: mine, creature: i });
      creatures.push(
        await spawn(({ type, colour, other }) => {
          if (type === "fade") return send(mall, { type: "count", meetings });
          meetings++;
          mine = type === "meet" ? complement(mine, colour) : colour;
          if (type === "meet") send(creatures[other], { type: "change", colour: mine });
          arrive();
        }),
      );
    }
    for (let i = 0; i < CREATURES; i++) send(mall, { type: "arrive", colour: i % 3, creature: i });
    await finished;
    for (const actor of [...creatures, mall]) await stop(actor);
    return { meetings: sum, faded };
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
