// What comedy loads in the process of a core: the definition of an actor, whose only part is to wait for its host, and then to load the
// application.
import { rmSync } from "node:fs";
import { inspect } from "node:util";
import { pathToFileURL } from "node:url";
import { coreLink } from "./core-link.js";
import { becomeCore, corePlace, type CorePlace } from "./core-place.js";
import { stopCore } from "./core-program.js";
import { usualIntervals } from "./quiet-intervals.js";
import { holdSignals } from "./stop-signals.js";

const GUARD = "keep-globals.js";

/** Called by comedy with its actor when the process has come up. */
export function initialize(self: unknown): void {
  dropHandlers(self);
  holdSignals();
  coreLink.open({
    begin: (place) => void begin(place),
    stop: () => void stopCore(),
    lost: () => {
      const folder = corePlace()?.folder;
      // The host can do it no more; the first of the cores does.
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  });
}

async function begin(place: CorePlace): Promise<void> {
  usualIntervals();
  becomeCore(place);
  process.argv = [process.argv0, place.main, ...place.args];
  process.execArgv = withoutGuard(process.execArgv);
  try {
    await import(pathToFileURL(place.main).href);
  } catch (thrown) {
    await coreLink.say({ kind: "failed", text: inspect(thrown) });
    // oxlint-disable-next-line unicorn/no-process-exit -- as Node ends a program whose module throws
    process.exit(1);
  }
}

/** comedy ends the process at either signal; here its host decides. */
function dropHandlers(self: unknown): void {
  const getSystem: unknown = Reflect.get(Object(self), "getSystem");
  const system: unknown = typeof getSystem === "function" ? Reflect.apply(getSystem, self, []) : undefined;
  const [onInt, onTerm]: readonly unknown[] = ["sigintHandler", "sigtermHandler"].map((name): unknown =>
    Reflect.get(Object(system), name),
  );
  for (const listener of process.listeners("SIGINT")) if (listener === onInt) process.off("SIGINT", listener);
  for (const listener of process.listeners("SIGTERM")) if (listener === onTerm) process.off("SIGTERM", listener);
}

/** What a process of the application's own would inherit. */
function withoutGuard(args: readonly string[]): string[] {
  const at = args.findLastIndex((arg) => arg.endsWith(GUARD));
  return args.filter((_, index) => index !== at && index !== at - 1);
}
