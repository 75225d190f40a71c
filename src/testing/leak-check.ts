import { childrenOf } from "../kernel/family.js";
import type { ActorSystem } from "../kernel/system.js";

/**
 * Lists what a system still holds: live actors, names, groups, links, monitors and armed timers; empty when nothing is left.
 *
 * Meant for the end of a test, after `system.stop()`: whatever is still there was leaked.
 */
export function leaksOf(system: ActorSystem): string[] {
  const { kernel } = system;
  const leaks: string[] = [];
  for (const cell of childrenOf(kernel.origin)) leaks.push(`actor ${cell.describe()} is alive`);
  if (kernel.spawned !== kernel.ended) leaks.push(`${kernel.spawned - kernel.ended} actors have not ended`);
  for (const name of kernel.names.keys()) leaks.push(`name ${name} is held`);
  for (const group of kernel.groups.names()) leaks.push(`group ${group} has members`);
  if (kernel.links > 0) leaks.push(`${kernel.links} links exist`);
  if (kernel.monitors > 0) leaks.push(`${kernel.monitors} monitors are active`);
  if (kernel.timers.size > 0) leaks.push(`${kernel.timers.size} timers are armed`);
  return leaks;
}

/** Throws an error that lists every leak of a system; see {@link leaksOf}. */
export function assertNoLeaks(system: ActorSystem): void {
  const leaks = leaksOf(system);
  if (leaks.length > 0) throw new Error(`The system ${system.name} leaks: ${leaks.join("; ")}`);
}
