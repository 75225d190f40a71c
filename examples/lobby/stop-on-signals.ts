import type { ActorSystem } from "holdfast";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
// npm passes a Ctrl-C of the terminal on to its child, which has had it from the terminal already: both are one.
const SAME_PRESS_MS = 300;

/**
 * Stops the system in order at the first Ctrl-C or SIGTERM, and the process at once at the second.
 *
 * `stopping` is called once, when the stop begins.
 */
export function stopOnSignals(system: ActorSystem, stopping: () => void): void {
  let firstAt: number | undefined;
  const onSignal = (signal: keyof typeof EXIT_CODES): void => {
    const now = system.clock.now();
    if (firstAt === undefined) {
      firstAt = now;
      stopping();
      void system.stop();
    } else if (now - firstAt > SAME_PRESS_MS) {
      // oxlint-disable-next-line unicorn/no-process-exit -- whoever presses twice wants no more waiting
      process.exit(EXIT_CODES[signal]);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}
