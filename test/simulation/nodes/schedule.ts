import { Dice } from "../dice.js";
import type { ActorStep, ClientStep, NodesSchedule, NodesStep, NodesWorld, NodeStep } from "./step.js";

const FEWEST_STEPS = 10;
const MOST_STEPS = 60;
const FEWEST_NODES = 2;
const MOST_NODES = 4;
/** More than there are of anything: numbers wrap around. */
const ANY = 1_000;

/** The world and the steps of a seed, with so many nodes if that is given: always the same ones. */
export function nodesScheduleOf(seed: number, nodes?: number): NodesSchedule {
  const dice = new Dice(seed);
  const drawn = dice.between(FEWEST_NODES, MOST_NODES);
  const world: NodesWorld = {
    nodes: nodes ?? drawn,
    clients: dice.oneOf(0, 0, 1, 2, 3),
    topics: dice.between(1, 2),
    latencyMs: dice.oneOf([1, 1], [0, 20], [5, 400]),
    durable: dice.oneIn(2),
  };
  const length = dice.between(FEWEST_STEPS, MOST_STEPS);
  return { seed, world, steps: Array.from({ length }, () => stepOf(dice, world)) };
}

function stepOf(dice: Dice, { clients }: NodesWorld): NodesStep {
  const drawn = dice.below(100);
  if (drawn < 30) return { do: "wait", ms: dice.oneOf(0, 1, 20, 200, 200, 1_000, 2_000, 5_000) };
  if (drawn < 55) return ofNodes(dice);
  if (clients === 0) return ofActors(dice);
  if (drawn < 70) return ofActors(dice);
  return drawn < 90 ? traffic(dice) : ofClients(dice);
}

function ofNodes(dice: Dice): NodeStep {
  const node = dice.below(ANY);
  switch (dice.below(18)) {
    case 0:
    case 1:
      return { do: "kill", node, known: dice.oneIn(2) };
    case 2:
    case 3:
    case 4:
    case 5:
      return { do: "start", node };
    case 6:
    case 7:
      return { do: "pause", node };
    case 8:
    case 9:
    case 10:
      return { do: "wake" };
    case 11:
      return { do: "isolate", node };
    case 12:
      return { do: "mute", node, other: dice.below(ANY) };
    case 13:
    case 14:
      return { do: "mend" };
    case 15:
      return { do: "drain_node", node };
    default:
      return { do: "wires", delayMs: dice.oneOf(0, 5, 60), dropOneOf: dice.oneOf(0, 0, 5, 20) };
  }
}

function ofActors(dice: Dice): ActorStep {
  const [node, pick, other] = [dice.below(ANY), dice.below(ANY), dice.below(ANY)];
  switch (dice.below(16)) {
    case 0:
    case 1:
      return { do: "claim", node, name: other };
    case 2:
      return { do: "work", node, name: other };
    case 3:
      return { do: "end_owner", pick };
    case 4:
    case 5:
      return { do: dice.oneOf("join", "join", "leave", "end_member"), pick, group: other };
    case 6:
    case 7:
    case 8:
      return { do: "locate", node, id: other };
    case 9:
      return { do: "end_entity", node, id: other };
    case 10:
      return dice.oneIn(3) ? { do: "end_party", pick, other } : { do: "demonitor", pick, other };
    default:
      return { do: dice.oneOf("link", "unlink", "monitor", "monitor", "ask", "tell"), pick, other };
  }
}

function traffic(dice: Dice): ClientStep {
  const [client, topic] = [dice.below(ANY), dice.below(ANY)];
  if (dice.oneIn(2)) return { do: "publish", node: dice.below(ANY), topic, count: dice.between(1, 6) };
  return {
    do: "push",
    client,
    topic,
    count: dice.between(1, 4),
    slowMs: dice.oneOf(0, 0, 30, 700),
    idempotent: dice.oneIn(3),
    binary: dice.oneIn(4),
  };
}

function ofClients(dice: Dice): ClientStep {
  const client = dice.below(ANY);
  switch (dice.below(8)) {
    case 0:
      return { do: "cut", client, inFlight: dice.oneOf("lost", "delivered"), lateMs: 0 };
    case 1:
      return { do: "cut", client, inFlight: "late", lateMs: dice.oneOf(10, 700, 5_000) };
    case 2:
      return { do: "half_open", client, alive: dice.oneOf("client", "server") };
    case 3:
      return { do: "black_hole", client };
    case 4:
      return { do: "stall", client, ms: dice.oneOf(50, 2_000, 14_000) };
    case 5:
      return { do: "second_tab", client, acknowledges: dice.oneIn(2) };
    default:
      return { do: "drop", client };
  }
}
