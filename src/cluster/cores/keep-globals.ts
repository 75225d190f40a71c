// Loaded before everything else in a core's process. comedy's worker brings `babel-polyfill`, whose core-js 2 changes the language for whatever
// runs in the process: `"abc".at(-1)` is "" then, and JSON writes a Map as a list of entries. No Node that runs Holdfast needs it, so the
// worker is given an empty module in its place. And comedy's timers are to keep no process alive whose application has nothing left to do.
import { createRequire, Module } from "node:module";
import { quietIntervals } from "./quiet-intervals.js";

const POLYFILL = "babel-polyfill";
const WORKER = /[\\/]comedy[\\/]lib[\\/]forked-actor-worker\.js$/;

const [, worker] = process.argv;
if (worker !== undefined && WORKER.test(worker)) {
  const load = createRequire(worker);
  const path = pathOf(load);
  if (path !== undefined) {
    const empty = new Module(path);
    empty.loaded = true;
    load.cache[path] = empty;
  }
  quietIntervals();
}

/** Where the polyfill is; `undefined` when this comedy has none any more. */
function pathOf(load: NodeJS.Require): string | undefined {
  try {
    return load.resolve(POLYFILL);
  } catch {
    return undefined;
  }
}
