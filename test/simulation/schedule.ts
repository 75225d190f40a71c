import { Dice } from "./dice.js";
import { rareStep, snapshotMsOf } from "./rare-steps.js";
import type { Schedule, Step, World } from "./step.js";
import { POLICIES } from "./topics.js";

const FEWEST_STEPS = 5;
const MOST_STEPS = 40;
/** Of so many worlds one has a store. */
const DURABLE_ONE_OF = 4;
const RARE = 0x7a9e;

/** The world and the steps of a seed: always the same ones. */
export function scheduleOf(seed: number): Schedule {
  const dice = new Dice(seed);
  const gentle = dice.below(2) === 0;
  const small = !gentle && dice.below(2) === 0;
  const durable = dice.oneIn(DURABLE_ONE_OF);
  const world: World = {
    clients: dice.between(1, 3),
    stockClients: dice.oneOf(0, 0, 1),
    topics: Array.from({ length: dice.between(1, 2) }, () => dice.oneOf("cursor", ...POLICIES)),
    ways: dice.oneOf(["websocket"], ["websocket"], ["events", "longpoll"], ["longpoll", "websocket", "events"]),
    cutAnswerOneOf: dice.oneOf(0, 4, 20),
    latencyMs: dice.oneOf([1, 1], [0, 20], [5, 400]),
    // Long enough for any number of bad networks in a row, where nothing else goes wrong.
    ttlMs: gentle ? 600_000 : dice.oneOf(5_000, 30_000),
    windowMessages: dice.oneOf(4, 16, 256),
    repeatOneOf: dice.oneOf(0, 3, 20),
    small,
    gentle,
    durable,
  };
  const length = dice.between(FEWEST_STEPS, MOST_STEPS);
  const drawn = Array.from({ length }, () => (dice.below(100) < 55 ? traffic(dice) : fault(dice, world)));
  const steps = drawn.flatMap((step) => {
    if (step.do === "disk_stuck" && dice.oneIn(2)) return lostInStore(dice);
    if (step.do === "cut" && step.inFlight === "late" && dice.oneIn(2)) return lateAndLost(dice, step);
    return [step];
  });
  // Drawn apart: what a seed stood for before there were these is still in it.
  const apart = new Dice(seed ^ RARE);
  const snapshotMs = snapshotMsOf(apart);
  for (let left = apart.oneOf(0, 0, 1, 2, 3); left > 0; left--) {
    steps.splice(apart.between(0, steps.length), 0, ...rareStep(apart, world));
  }
  return { seed, world: snapshotMs === undefined ? world : { ...world, snapshotMs }, steps };
}

function traffic(dice: Dice): Step {
  const client = dice.below(3);
  const topic = dice.below(2);
  switch (dice.below(5)) {
    case 0:
    case 1:
      return {
        do: "push",
        client,
        topic,
        count: dice.between(1, 6),
        slowMs: dice.oneOf(0, 0, 0, 30, 700),
        idempotent: dice.oneIn(3),
        binary: dice.oneIn(4),
      };
    case 2:
      return {
        do: "publish",
        topic,
        count: dice.oneIn(8) ? 60 : dice.between(1, 12),
        bytes: dice.oneOf(10, 100, 2_000),
        binary: dice.oneIn(4),
      };
    default:
      return { do: "wait", ms: dice.oneOf(0, 1, 10, 100, 600, 1_100, 4_000, 15_000) };
  }
}

/** What happens besides traffic: heavy things less often than light ones. */
function fault(dice: Dice, { gentle, durable, ways }: World): Step {
  if (ways.length > 1 && dice.oneIn(6)) return ofWays(dice);
  if (durable && dice.oneIn(3)) return ofLife(dice);
  return gentle || dice.below(2) === 0 ? ofNetwork(dice) : ofServer(dice);
}

function ofWays(dice: Dice): Step {
  const way = dice.oneOf("websocket", "events", "longpoll");
  return { do: "switch", client: dice.below(4), way, atOnce: dice.below(2) === 0 };
}

/** What sessions that are kept in a store survive. */
function ofLife(dice: Dice): Step {
  const client = dice.below(3);
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2:
      return { do: "kill_process" };
    case 3:
      return { do: "power_loss" };
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

/** The process dies while the store has one push, and not the next: what is said of the first must not be said of the second. */
function lostInStore(dice: Dice): Step[] {
  const [client, topic] = [dice.below(3), dice.below(2)];
  const push: Step = { do: "push", client, topic, count: 1, slowMs: 0, idempotent: false, binary: dice.oneIn(4) };
  return [
    push,
    { do: "wait", ms: dice.oneOf(100, 600) },
    { do: "disk_stuck", ms: 8_000 },
    { ...push, count: dice.between(1, 3) },
    { do: "wait", ms: 1_100 },
    { do: "kill_process" },
  ];
}

/** What was on its way arrives about when the next connection has been answered, which may break before the client knows. */
function lateAndLost(dice: Dice, late: Step & { readonly do: "cut" }): Step[] {
  const { client } = late;
  const [topic, count, idempotent] = [dice.below(2), dice.between(1, 3), dice.oneIn(3)];
  const push: Step = { do: "push", client, topic, count, slowMs: 0, idempotent, binary: false };
  const after: Step[] = [
    { do: "wait", ms: dice.oneOf(100, 400, 700, 1_000) },
    { do: "cut", client, inFlight: "lost", lateMs: 0 },
  ];
  return [push, { ...late, lateMs: dice.oneOf(200, 400, 700, 1_000) }, ...(dice.oneIn(2) ? after : [])];
}

function ofNetwork(dice: Dice): Step {
  const client = dice.below(4);
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
