/**
 * One million properties with a small object for a value, of 1,000 actors; one thousand of them fit what is asked for.
 *
 * `select` finds those 1,000 by a pattern, `count` counts them by a function.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { loadActors, loadKernel } from "../harness/packages.mjs";
import { medianRound } from "../micro/meter.mjs";

const PROPERTIES = 1_000_000;
const OWNERS = 1_000;
const WANTED = 7;
const FIT = 1_000;

/**
 * @param {Durations} durations
 * @param {() => number} select answers how many it has found
 * @param {() => number} count
 */
async function timed(durations, select, count) {
  const time = (/** @type {() => number} */ find) =>
    medianRound(durations, () => {
      const startedAtMs = performance.now();
      const found = find();
      const ms = performance.now() - startedAtMs;
      if (found !== FIT) throw new Error(`Expected ${FIT} properties to fit, found ${found}`);
      return ms;
    });
  return { select: await time(select), count: await time(count) };
}

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { Registry, registryOf } = await loadActors();
  class Owner extends Actor {}
  const system = await createSystem();
  await system.start(Registry, { name: "rooms" });
  const rooms = registryOf(system, "rooms");
  const owners = Array.from({ length: OWNERS }, () => system.spawn(Owner));
  for (let i = 0; i < PROPERTIES; i++) {
    const owner = owners[i % OWNERS];
    if (owner !== undefined) rooms.register("property", i, owner, { level: i % (PROPERTIES / FIT), of: i });
  }
  return timed(
    durations,
    () => rooms.select({ kind: "property", value: { level: WANTED } }, { limit: FIT }).rows.length,
    () => rooms.count({ kind: "property", where: ({ value }) => levelOf(value) === WANTED }),
  );
}

/** @param {unknown} value */
function levelOf(value) {
  return /** @type {{ level: number }} */ (value).level;
}

/** @param {Durations} durations */
export async function map(durations) {
  /** @type {Map<number, { owner: number, value: { level: number, of: number } }>} */ const rows = new Map();
  for (let i = 0; i < PROPERTIES; i++) {
    rows.set(i, { owner: i % OWNERS, value: { level: i % (PROPERTIES / FIT), of: i } });
  }
  return timed(
    durations,
    () => {
      const found = [];
      for (const row of rows.values()) if (row.value.level === WANTED) found.push(row);
      return found.length;
    },
    () => {
      let found = 0;
      for (const row of rows.values()) if (row.value.level === WANTED) found++;
      return found;
    },
  );
}
