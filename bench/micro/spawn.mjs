/**
 * Idle actors started per second by one actor, each with its `init` done before the next: `start` of Holdfast, `gen_server:start`
 * of Erlang, `createChild` of comedy, `spawn` of nact. What was started is ended between the batches, outside the measured time.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { medianRound } from "./meter.mjs";

const STARTS = 20_000;

/** comedy ends one child in a time linear in its siblings, so its batches are small and its rounds many. */
const COMEDY_STARTS = 1_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();

  /** @extends {Actor<number>} */
  class Idle extends Actor {
    sum = 0;
    /** @param {number} sum @override */
    init(sum) {
      this.sum = sum;
    }
    /** @param {number} k */
    add(k) {
      this.sum += k;
    }
  }

  class Starter extends Actor {
    /** @returns {number} milliseconds */
    round() {
      const startedAtMs = performance.now();
      for (let i = 0; i < STARTS; i++) this.start(Idle, i);
      return performance.now() - startedAtMs;
    }
  }

  const system = await createSystem();
  const ms = await medianRound(durations, async () => {
    // Its children are linked to it: killing it ends them.
    const starter = await system.start(Starter);
    const took = await starter.callWithin(60_000).round();
    system.exit(starter, "kill");
    await system.exited(starter);
    await system.idle();
    return took;
  });
  return (STARTS * 1_000) / ms;
}

// One function of each for all actors, as a class has.
function initialize() {}
function add() {}

/** @param {Durations} durations */
export async function comedy(durations) {
  const root = await startComedy();
  const ms = await medianRound(durations, async () => {
    /** @type {import("../harness/packages.mjs").ComedyActor | undefined} */ let self;
    const starter = await root.createChild({
      /** @param {import("../harness/packages.mjs").ComedyActor} actor */
      initialize(actor) {
        self = actor;
      },
      async round() {
        const startedAtMs = performance.now();
        for (let i = 0; i < COMEDY_STARTS; i++) await self?.createChild({ initialize, add });
        return performance.now() - startedAtMs;
      },
    });
    const took = /** @type {number} */ (await starter.sendAndReceive("round"));
    await starter.destroy();
    return took;
  });
  return (COMEDY_STARTS * 1_000) / ms;
}

/**
 * @param {number} sum
 * @param {{ add: number }} message
 */
function addTo(sum, message) {
  return sum + message.add;
}

/** @param {Durations} durations */
export async function nact(durations) {
  const { system, spawn, query, dispatch, stop } = await startNact();
  const ms = await medianRound(durations, async () => {
    const starter = spawn(system, (_state, message) => {
      const startedAtMs = performance.now();
      for (let i = 0; i < STARTS; i++) spawn(starter, addTo, i);
      dispatch(message.sender, performance.now() - startedAtMs);
    });
    const took = /** @type {number} */ (await query(starter, (sender) => ({ sender }), 60_000));
    stop(starter);
    return took;
  });
  return (STARTS * 1_000) / ms;
}
