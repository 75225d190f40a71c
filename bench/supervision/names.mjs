/**
 * Unique names: 20,000 actors take one each when they are told to, and then each name is looked up, again and again.
 *
 * The `Map` is what a program without actors would do: names to objects, and the name in the object, so that it can be given back.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel } from "../harness/packages.mjs";
import { Meter, medianRound } from "../micro/meter.mjs";

const NAMES = 20_000;

/** @returns {string[]} made outside the measured time, as the BEAM's are */
function names() {
  return Array.from({ length: NAMES }, (_, i) => `room:${i}`);
}

/**
 * @param {Durations} durations
 * @param {() => number} lookUpAll answers how many of the names it has found
 */
async function lookUps(durations, lookUpAll) {
  const meter = new Meter(durations);
  do {
    const found = lookUpAll();
    if (found !== NAMES) throw new Error(`Expected ${NAMES} names, found ${found}`);
  } while (meter.tick(NAMES));
  return meter.rate;
}

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  let left = 0;
  let allTaken = () => {};

  class Room extends Actor {
    /** @param {string} name */
    take(name) {
      this.register(name);
      if (--left === 0) allTaken();
    }
  }

  class Parent extends Actor {
    /** @param {ActorRef<Room>[]} rooms */
    open(rooms) {
      for (let i = 0; i < NAMES; i++) rooms.push(this.spawn(Room, undefined, { link: true }));
    }
  }

  const system = await createSystem();
  const known = names();
  const takeAll = async () => {
    /** @type {ActorRef<Room>[]} */ const rooms = [];
    const parent = await system.start(Parent);
    await parent.callWithin(60_000).open(rooms);
    await system.idle();
    left = NAMES;
    const taken = new Promise((resolve) => {
      allTaken = () => resolve(undefined);
    });
    const startedAtMs = performance.now();
    for (let i = 0; i < NAMES; i++) rooms[i]?.cast.take(/** @type {string} */ (known[i]));
    await taken;
    const took = performance.now() - startedAtMs;
    return { parent, took };
  };
  const ms = await medianRound(durations, async () => {
    const { parent, took } = await takeAll();
    system.exit(parent, "kill");
    await system.exited(parent);
    await system.idle();
    return took;
  });
  await takeAll();
  const lookup = await lookUps(durations, () => {
    let found = 0;
    for (const name of known) if (system.whereis(name) !== undefined) found++;
    return found;
  });
  return { register: (NAMES * 1_000) / ms, lookup };
}

/** @param {Durations} durations */
export async function map(durations) {
  const known = names();
  /** @type {Map<string, { name: string }>} */ const byName = new Map();
  const rooms = known.map(() => ({ name: "" }));
  const ms = await medianRound(durations, () => {
    byName.clear();
    const startedAtMs = performance.now();
    for (let i = 0; i < NAMES; i++) {
      const name = /** @type {string} */ (known[i]);
      const room = /** @type {{ name: string }} */ (rooms[i]);
      if (byName.has(name)) throw new Error(`Expected ${name} to be free`);
      room.name = name;
      byName.set(name, room);
    }
    return performance.now() - startedAtMs;
  });
  const lookup = await lookUps(durations, () => {
    let found = 0;
    for (const name of known) if (byName.get(name) !== undefined) found++;
    return found;
  });
  return { register: (NAMES * 1_000) / ms, lookup };
}
