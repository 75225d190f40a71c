import type { Cell } from "./cell.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { extrasOf } from "./extras.js";

/** Gives a running actor a name. @throws {BadArgumentError} when it is no name, is taken, or the actor has one */
export function registerName(cell: Cell, name: string): void {
  const { names } = cell.behaviour.kernel;
  if (typeof name !== "string" || name === "") throw new BadArgumentError(`Expected a name, got ${whatCame(name)}`);
  const holder = names.get(name);
  if (holder !== undefined) {
    throw new BadArgumentError(`Cannot register ${whatCame(name)}: it is held by ${holder.describe()}`);
  }
  const extras = extrasOf(cell);
  if (extras.name !== undefined) {
    throw new BadArgumentError(`${cell.describe()} cannot take ${whatCame(name)}: an actor has one name`);
  }
  extras.name = name;
  names.set(name, cell);
}
