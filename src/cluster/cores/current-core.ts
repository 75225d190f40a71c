import { corePlace } from "./core-place.js";

/** One of the cores of a machine, as a process knows itself. */
export interface CurrentCore {
  /** `core-1`, `core-2`, … */
  readonly name: string;
  /** Its place among the cores, from 0. */
  readonly index: number;
  /** How many cores there are. */
  readonly cores: number;
}

/**
 * Which core this process is; `undefined` in a host, and in a process of its own.
 *
 * It is known before `createSystem` is called: so a program can open there what only its cores need, or what each of them has for itself.
 */
export function currentCore(): CurrentCore | undefined {
  const place = corePlace();
  if (place === undefined) return undefined;
  const { name, index, cores } = place;
  return { name, index, cores };
}
