/**
 * Groups of a scope: 100,000 actors join one group and end, and one actor that is in 100,000 groups ends.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { loadActors, loadKernel } from "../harness/packages.mjs";
import { MANY, medianRound } from "../micro/meter.mjs";

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { GroupScope, groupsOf } = await loadActors();
  class Member extends Actor {}
  const system = await createSystem();
  await system.start(GroupScope, undefined);
  const groups = groupsOf(system);

  const spawn = async (/** @type {number} */ count) => {
    const members = Array.from({ length: count }, () => system.spawn(Member));
    await system.idle();
    return members;
  };
  const isEmpty = () => {
    if (groups.groups().length !== 0) throw new Error("Expected no group to be left when all members have ended");
  };
  /** @type {number[]} */ const joins = [];
  const ends = (/** @type {number} */ count) =>
    medianRound(durations, async () => {
      const members = await spawn(count);
      let startedAtMs = performance.now();
      for (const member of members) groups.join("all", member);
      if (count === MANY) joins.push(performance.now() - startedAtMs);
      if (groups.members("all").length !== count) throw new Error(`Expected ${count} members`);
      startedAtMs = performance.now();
      for (const member of members) system.exit(member, "kill");
      isEmpty();
      return performance.now() - startedAtMs;
    });
  const few = await ends(MANY / 10);
  const many = await ends(MANY);
  joins.sort((a, b) => a - b);
  const joined = /** @type {number} */ (joins[Math.floor((joins.length - 1) / 2)]);
  const one = await medianRound(durations, async () => {
    const [member] = await spawn(1);
    if (member === undefined) throw new Error("Expected an actor");
    for (let i = 0; i < MANY; i++) groups.join(i, member);
    const startedAtMs = performance.now();
    system.exit(member, "kill");
    isEmpty();
    return performance.now() - startedAtMs;
  });
  return { join: (MANY * 1_000) / joined, end: (MANY * 1_000) / many, slope: (few * 10) / many, one };
}
