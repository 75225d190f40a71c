import type { Clock } from "../../src/index.js";
import type { FaultyExchange, FaultyLine, FaultyNetwork } from "../../src/testing/index.js";
import type { Step } from "./step.js";

/** What of a network, or of several, can be harmed. */
export type HarmableNetwork = Pick<FaultyNetwork, "lines" | "exchanges" | "unplug" | "blackHole" | "heal">;

/** A step that does something to the network. */
export type NetworkStep = Extract<
  Step,
  { do: "cut" | "half_open" | "black_hole" | "close" | "slow_reader" | "stall" | "unplug" | "black_out" }
>;

const NETWORK_STEPS: ReadonlySet<string> = new Set<NetworkStep["do"]>([
  "cut",
  "half_open",
  "black_hole",
  "close",
  "slow_reader",
  "stall",
  "unplug",
  "black_out",
]);

export function isNetworkStep(step: Step): step is NetworkStep {
  return NETWORK_STEPS.has(step.do);
}

/** Does a step to all connections of a client, whatever carries them, or to the whole network. */
export function harm(network: HarmableNetwork, clock: Clock, step: NetworkStep, label: string): void {
  if (step.do === "unplug" || step.do === "black_out") {
    if (step.do === "unplug") network.unplug();
    else network.blackHole();
    clock.setTimer(step.ms, () => network.heal());
    return;
  }
  for (const each of [...network.lines(label), ...network.exchanges(label)]) harmOne(each, clock, step);
}

function harmOne(
  each: FaultyLine | FaultyExchange,
  clock: Clock,
  step: Exclude<NetworkStep, { do: "unplug" | "black_out" }>,
): void {
  switch (step.do) {
    case "cut":
      return each.cut(step);
    case "half_open":
      return each.halfOpen(step.alive);
    case "black_hole":
      return each.blackHole();
    case "slow_reader":
      return each.slow(step.bytesPerSecond);
    case "stall":
      each.stall();
      clock.setTimer(step.ms, () => each.flow());
      return;
    case "close":
      // Over HTTP there is nobody between who could say more than that it broke.
      return "closeWith" in each ? each.closeWith(step.code, "", step.told) : each.cut();
  }
}
