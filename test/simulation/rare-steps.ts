import type { Dice } from "./dice.js";
import type { Step, World } from "./step.js";

/** How long channels take for a snapshot, in worlds where they make up for gaps. */
export function snapshotMsOf(dice: Dice): number | undefined {
  return dice.oneOf(undefined, undefined, 0, 40, 900);
}

/** What goes wrong now and then, or is done by whoever runs the server: a step, and what it needs beside it. */
export function rareStep(dice: Dice, { gentle, durable }: World): Step[] {
  if (durable && dice.oneIn(2)) return ofKeptSessions(dice, gentle);
  if (!gentle && dice.oneIn(3)) return [{ do: "kick", client: dice.below(3) }];
  if (!gentle && dice.oneIn(4)) return [{ do: "crash_session", client: dice.below(3), times: dice.between(2, 5) }];
  if (dice.oneIn(2)) return [{ do: "hand_over", perSecond: dice.oneOf(1, 10, 100) }];
  return [{ do: "crash_server", part: dice.oneOf("listener", "clients") }];
}

/** What the store has to bring back, and how it does not work. */
function ofKeptSessions(dice: Dice, gentle: boolean): Step[] {
  const [client, topic] = [dice.below(3), dice.below(2)];
  const crash: Step = { do: "crash_session", client };
  // A channel that ends takes what its client has not acknowledged of the topic's broadcasts along, and that is announced as lost.
  switch (gentle ? dice.between(2, 4) : dice.below(5)) {
    case 0:
    case 1: {
      const refused: Step = { do: "refuse_restore", client, topic, how: dice.oneOf("throw", "refuse") };
      return [refused, ...stuck(dice), dice.oneOf<Step>(crash, { do: "kill_process" }), ...newsOf(dice, topic)];
    }
    case 2:
      return [...stuck(dice), { ...crash, times: dice.between(2, 5) }, ...newsOf(dice, topic)];
    case 3:
      return [{ do: "crash_server", part: "store" }];
    default:
      return [...stuck(dice), { do: "crash_server", part: "restorer" }];
  }
}

function stuck(dice: Dice): Step[] {
  switch (dice.below(3)) {
    case 0:
      return [{ do: "disk_stuck", ms: dice.oneOf(50, 900, 8_000) }];
    case 1:
      return [{ do: "disk_fails", times: dice.oneOf(1, 3) }];
    default:
      return [];
  }
}

/** What is broadcast while a crash is not over, and may be lost with the process. */
function newsOf(dice: Dice, topic: number): Step[] {
  const news: Step = { do: "publish", topic, count: dice.between(1, 12), bytes: 10, binary: false };
  const after: Step[] = dice.oneIn(2) ? [{ do: "wait", ms: dice.oneOf(10, 600) }, { do: "kill_process" }] : [];
  return [{ do: "wait", ms: dice.oneOf(0, 10, 600) }, news, ...after];
}
