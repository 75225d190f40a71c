import { type Random, seededRandom } from "../../src/kernel/random.js";
import type { Schedule, Step, World } from "./step.js";

const FEWEST_STEPS = 5;
const MOST_STEPS = 40;
/** Of so many seeds one has a store. */
const DURABLE_ONE_OF = 4;

/** Draws what happens from a seed. */
class Dice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(end: number): number {
    return Math.floor(this.#random.next() * end);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  oneOf<Choice>(...choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}

/** The world and the steps of a seed: always the same ones. */
export function scheduleOf(seed: number): Schedule {
  const dice = new Dice(seed);
  const gentle = dice.below(2) === 0;
  const small = !gentle && dice.below(2) === 0;
  const durable = seed % DURABLE_ONE_OF === DURABLE_ONE_OF - 1;
  const world: World = {
    clients: dice.between(1, 3),
    topics: dice.between(1, 2),
    latencyMs: dice.oneOf([1, 1], [0, 20], [5, 400]),
    // Long enough for any number of bad networks in a row, where nothing else goes wrong.
    ttlMs: gentle ? 600_000 : dice.oneOf(5_000, 30_000),
    windowMessages: dice.oneOf(4, 16, 256),
    repeatOneOf: dice.oneOf(0, 3, 20),
    outboxMessages: small ? 24 : 1_000,
    gentle,
    durable,
  };
  const length = dice.between(FEWEST_STEPS, MOST_STEPS);
  const steps = Array.from({ length }, () => (dice.below(100) < 55 ? traffic(dice) : fault(dice, gentle)));
  if (!durable) return { seed, world, steps };
  // In place of a wait, with dice of their own: so what else happens is what it would be without a store.
  const other = new Dice(seed ^ 0xd15c);
  return {
    seed,
    world,
    steps: steps.map((step) => (step.do === "wait" && other.below(2) === 0 ? ofLife(other) : step)),
  };
}

function traffic(dice: Dice): Step {
  const client = dice.below(3);
  const topic = dice.below(2);
  switch (dice.below(5)) {
    case 0:
    case 1:
      return { do: "push", client, topic, count: dice.between(1, 6), slowMs: dice.oneOf(0, 0, 0, 30, 700) };
    case 2:
      return { do: "publish", topic, count: dice.between(1, 12), bytes: dice.oneOf(10, 100, 2_000) };
    default:
      return { do: "wait", ms: dice.oneOf(0, 1, 10, 100, 600, 1_100, 4_000, 15_000) };
  }
}

/** What sessions that are kept in a store survive. */
function ofLife(dice: Dice): Step {
  const client = dice.below(3);
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { do: "kill_process" };
    case 4:
    case 5:
      return { do: "disk_fails", times: dice.oneOf(1, 1, 3) };
    case 6:
      return { do: "disk_stuck", ms: dice.oneOf(50, 900, 8_000) };
    case 7:
      return { do: "crash_session", client };
    case 8:
      return { do: "crash_server", part: "sessions" };
    default:
      return { do: "drain" };
  }
}

function fault(dice: Dice, gentle: boolean): Step {
  return gentle || dice.below(2) === 0 ? ofNetwork(dice) : ofServer(dice);
}

function ofNetwork(dice: Dice): Step {
  const client = dice.below(3);
  switch (dice.below(14)) {
    case 0:
      return { do: "cut", client, inFlight: "lost", lateMs: 0 };
    case 1:
      return { do: "cut", client, inFlight: "delivered", lateMs: 0 };
    case 2:
      return { do: "cut", client, inFlight: "late", lateMs: dice.oneOf(10, 700, 5_000) };
    case 3:
      return { do: "half_open", client, alive: dice.oneOf("client", "server") };
    case 4:
      return { do: "black_hole", client };
    case 5:
      return { do: "stall", client, ms: dice.oneOf(50, 2_000, 14_000) };
    case 6:
      return { do: "slow_reader", client, bytesPerSecond: dice.oneOf(200, 5_000, 100_000) };
    case 7:
      return {
        do: "close",
        client,
        code: dice.oneOf(1001, 1011, 1012, 1013, 4201, 4205),
        told: dice.oneOf("client", "server", "both"),
      };
    case 8:
      return { do: "unplug", ms: dice.oneOf(100, 3_000) };
    case 9:
      return { do: "black_out", ms: dice.oneOf(300, 8_000) };
    case 10:
      return { do: "drop", client };
    case 11:
      return { do: "cut", client, inFlight: "overtaken", lateMs: 0 };
    case 12:
      // Sessions outlive all of their connections.
      return { do: "crash_server", part: "connections" };
    default:
      return { do: "crash_connection", client };
  }
}

function ofServer(dice: Dice): Step {
  const client = dice.below(3);
  const topic = dice.below(2);
  switch (dice.below(9)) {
    case 0:
    case 1:
      return { do: "crash_channel", client, topic, how: dice.oneOf("throw", "kill") };
    case 2:
      return { do: "crash_session", client };
    case 3:
      return { do: "crash_server", part: dice.oneOf("endpoint", "topics", "sessions", "connections") };
    case 4:
      return { do: "kill_process" };
    case 5:
      return { do: "drain" };
    case 6:
      return { do: "rejoin", client, topic };
    case 7:
      return { do: "second_tab", client, acknowledges: dice.below(2) === 0 };
    default:
      return { do: "steal", client };
  }
}
