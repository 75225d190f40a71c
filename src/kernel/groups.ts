import type { Cell } from "./cell.js";
import { extrasOf } from "./extras.js";

/**
 * Process groups as in OTP's `pg`: an actor may join a group several times and leaves it as often; its end leaves all of them.
 *
 * A group without members does not exist. Joining and leaving cost constant time.
 */
export class Groups {
  readonly #members = new Map<string, Map<Cell, number>>();

  join(group: string, cell: Cell): void {
    let members = this.#members.get(group);
    if (members === undefined) {
      members = new Map();
      this.#members.set(group, members);
    }
    members.set(cell, (members.get(cell) ?? 0) + 1);
    const extras = extrasOf(cell);
    extras.groups ??= new Set();
    extras.groups.add(group);
  }

  /** Undoes one join; false when the actor was not a member. */
  leave(group: string, cell: Cell): boolean {
    const members = this.#members.get(group);
    const times = members?.get(cell);
    if (members === undefined || times === undefined) return false;
    if (times > 1) members.set(cell, times - 1);
    else this.#forget(group, members, cell);
    return true;
  }

  /** Removes an actor from every group, whatever the number of its joins. */
  leaveAll(cell: Cell): void {
    const groups = cell.extras?.groups;
    if (groups === null || groups === undefined) return;
    for (const group of [...groups]) {
      const members = this.#members.get(group);
      if (members !== undefined) this.#forget(group, members, cell);
    }
  }

  /** The members, one entry per join, in the order in which they joined first. */
  members(group: string): Cell[] {
    const list: Cell[] = [];
    for (const [cell, times] of this.#members.get(group) ?? []) {
      for (let time = 0; time < times; time++) list.push(cell);
    }
    return list;
  }

  /** The names of all groups that have members. */
  names(): string[] {
    return [...this.#members.keys()];
  }

  #forget(group: string, members: Map<Cell, number>, cell: Cell): void {
    members.delete(cell);
    if (members.size === 0) this.#members.delete(group);
    cell.extras?.groups?.delete(group);
  }
}
