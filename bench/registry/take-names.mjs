/**
 * What the programs about names do: 20,000 actors take one each when they are told to, all are looked up, again and again, and then actors live
 * for their name alone.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { Actor, ActorRef, ActorSystem } from "../../src/index.js"
 */
import { loadKernel } from "../harness/packages.mjs";
import { Meter, medianRound } from "../micro/meter.mjs";

export const NAMES = 20_000;

/** Actors that live at a time in the rows about short lives; as many names. */
const LIVES = 1_000;

/** @returns {string[]} made outside the measured time, as the BEAM's are */
export function names() {
  return Array.from({ length: NAMES }, (_, i) => `room:${i}`);
}

/**
 * @param {Durations} durations
 * @param {() => number} lookUpAll answers how many of the names it has found
 */
export async function lookUps(durations, lookUpAll) {
  const meter = new Meter(durations);
  do {
    const found = lookUpAll();
    if (found !== NAMES) throw new Error(`Expected ${NAMES} names, found ${found}`);
  } while (meter.tick(NAMES));
  return meter.rate;
}

/**
 * A place for names: how an actor takes one, and who has one.
 *
 * @typedef {object} Names
 * @property {(actor: ActorRef, name: string, take: (name: string) => void) => void} take `take` is the actor's own `register`
 * @property {(name: string) => unknown} find
 */

/**
 * @param {Durations} durations
 * @param {(system: ActorSystem) => Promise<Names>} place
 */
export async function takeNames(durations, place) {
  const { Actor, createSystem } = await loadKernel();
  let left = 0;
  let allTaken = () => {};

  class Room extends Actor {
    /** @param {string} name */
    take(name) {
      taken.take(this.self(), name, (own) => this.register(own));
      if (--left === 0) allTaken();
    }
  }

  /** @extends {Actor<string>} */
  class Life extends Actor {
    /** @param {string} name @override */
    init(name) {
      taken.take(this.self(), name, (own) => this.register(own));
    }
    end() {
      this.stop();
    }
  }

  class Parent extends Actor {
    /** @param {ActorRef<Room>[]} rooms */
    open(rooms) {
      for (let i = 0; i < NAMES; i++) rooms.push(this.spawn(Room, undefined, { link: true }));
    }
  }

  const system = await createSystem();
  const taken = await place(system);
  const known = names();
  const takeAll = async () => {
    /** @type {ActorRef<Room>[]} */ const rooms = [];
    const parent = await system.start(Parent);
    await parent.callWithin(60_000).open(rooms);
    await system.idle();
    left = NAMES;
    const all = new Promise((resolve) => {
      allTaken = () => resolve(undefined);
    });
    const startedAtMs = performance.now();
    for (let i = 0; i < NAMES; i++) rooms[i]?.cast.take(/** @type {string} */ (known[i]));
    await all;
    const took = performance.now() - startedAtMs;
    return { parent, took };
  };
  const freeAll = async (/** @type {ActorRef} */ parent) => {
    system.exit(parent, "kill");
    await system.exited(parent);
    await system.idle();
  };
  const ms = await medianRound(durations, async () => {
    const { parent, took } = await takeAll();
    await freeAll(parent);
    return took;
  });
  const { parent } = await takeAll();
  const lookup = await lookUps(durations, () => {
    let found = 0;
    for (const name of known) if (taken.find(name) !== undefined) found++;
    return found;
  });
  await freeAll(parent);
  const lives = new Meter(durations);
  do {
    for (let i = 0; i < LIVES; i++) system.spawn(Life, /** @type {string} */ (known[i])).cast.end();
    await system.idle();
    if (taken.find("room:0") !== undefined) throw new Error("Expected each name to be free when its actor has ended");
  } while (lives.tick(LIVES));
  return { register: (NAMES * 1_000) / ms, lookup, lives: await lives.rate };
}

/**
 * What a program without actors would do: names to objects, and the name in the object, so that it can be given back.
 *
 * @param {Durations} durations
 */
export async function map(durations) {
  const known = names();
  /** @type {Map<string, { name: string }>} */ const byName = new Map();
  /** @param {string} name @param {{ name: string }} room */
  const take = (name, room) => {
    if (byName.has(name)) throw new Error(`Expected ${name} to be free`);
    room.name = name;
    byName.set(name, room);
  };
  const ms = await medianRound(durations, () => {
    const rooms = known.map(() => ({ name: "" }));
    byName.clear();
    const startedAtMs = performance.now();
    for (let i = 0; i < NAMES; i++) {
      take(/** @type {string} */ (known[i]), /** @type {{ name: string }} */ (rooms[i]));
    }
    return performance.now() - startedAtMs;
  });
  const lookup = await lookUps(durations, () => {
    let found = 0;
    for (const name of known) if (byName.get(name) !== undefined) found++;
    return found;
  });
  byName.clear();
  const lives = new Meter(durations);
  do {
    for (let i = 0; i < LIVES; i++) take(/** @type {string} */ (known[i]), { name: "" });
    for (const { name } of [...byName.values()]) byName.delete(name);
  } while (lives.tick(LIVES));
  return { register: (NAMES * 1_000) / ms, lookup, lives: await lives.rate };
}
