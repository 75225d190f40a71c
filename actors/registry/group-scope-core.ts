import { type ActorSystem, type AnyRef, BadArgumentError, Holdings, whatCame } from "../../src/index.js";
import type { GroupMember, MemberListener } from "./group-member.js";
import { GroupTable } from "./group-table.js";
import { idOf, type Key, type KeyId } from "./key.js";
import { RegistryError } from "./registry-error.js";

/** Identifies a monitor of a group or of a scope: in its messages, and to end it. */
export interface GroupMonitorRef {
  /** The group; `undefined` for a monitor of the whole scope. */
  readonly group: Key | undefined;
}

/** What a monitor of a group or of a scope is sent: who has joined or left, one entry for each time. */
export interface GroupMessage {
  readonly event: "join" | "leave";
  readonly ref: GroupMonitorRef;
  readonly scope: string;
  readonly group: Key;
  readonly members: readonly AnyRef[];
}

class GroupMonitor implements GroupMonitorRef {
  readonly group: Key | undefined;
  readonly watcher: AnyRef;

  constructor(group: Key | undefined, watcher: AnyRef) {
    this.group = group;
    this.watcher = watcher;
  }
}

/** The state of one scope while its actor runs: memberships, monitors, and the watch over the lives of both. */
export class GroupScopeCore implements MemberListener<Key, AnyRef> {
  readonly system: ActorSystem;
  readonly name: string;
  readonly table: GroupTable<Key, AnyRef>;
  readonly keeper: AnyRef;
  readonly #byGroup = new Map<KeyId, Set<GroupMonitor>>();
  readonly #ofScope = new Set<GroupMonitor>();
  readonly #byWatcher = new Map<AnyRef, Set<GroupMonitor>>();

  constructor(system: ActorSystem, name: string, keeper: AnyRef) {
    this.system = system;
    this.name = name;
    this.keeper = keeper;
    this.table = new GroupTable(new Holdings<GroupMember<Key, AnyRef>>(), this);
  }

  /** How many monitors there are. */
  get monitors(): number {
    let count = this.#ofScope.size;
    for (const monitors of this.#byGroup.values()) count += monitors.size;
    return count;
  }

  join(group: Key, members: readonly AnyRef[]): void {
    const id = idOf(group);
    for (const member of members) this.#checkAlive(member, "join a group");
    for (const member of members) this.table.join(id, group, member);
    this.#tell("join", id, group, members);
  }

  /** Leaves once for each entry; returns those that were members. */
  leave(group: Key, members: readonly AnyRef[]): readonly AnyRef[] {
    const id = idOf(group);
    const left = members.filter((member) => this.table.leave(id, member));
    this.#tell("leave", id, group, left);
    return left;
  }

  monitor(group: Key | undefined, watcher: AnyRef): GroupMonitorRef {
    this.#checkAlive(watcher, "monitor groups");
    const monitor = new GroupMonitor(group, watcher);
    if (group === undefined) this.#ofScope.add(monitor);
    else addTo(this.#byGroup, idOf(group), monitor);
    addTo(this.#byWatcher, watcher, monitor);
    this.table.memberOf(watcher).monitors++;
    return monitor;
  }

  demonitor(monitor: GroupMonitorRef): boolean {
    if (!(monitor instanceof GroupMonitor)) {
      throw new BadArgumentError(`Expected what monitor or monitorScope returned as ref, got ${whatCame(monitor)}`);
    }
    if (!removeFrom(this.#byWatcher, monitor.watcher, monitor)) return false;
    this.#unlist(monitor);
    const member = this.table.find(monitor.watcher);
    if (member !== undefined) {
      member.monitors--;
      this.table.dropIdle(member);
    }
    return true;
  }

  /** Forgets everything, without telling anybody. */
  close(): void {
    this.#byGroup.clear();
    this.#ofScope.clear();
    this.#byWatcher.clear();
    for (const member of this.table.all()) {
      member.monitors = 0;
      for (let each = member.first; each !== null; each = member.first) this.table.remove(each);
      this.table.dropIdle(member);
    }
  }

  /** Takes out what a member had that has ended, and tells those who want to know. */
  memberEnded(member: GroupMember<Key, AnyRef>): void {
    const { owner } = member;
    for (const monitor of this.#byWatcher.get(owner) ?? []) this.#unlist(monitor);
    this.#byWatcher.delete(owner);
    for (let each = member.first; each !== null; each = member.first) {
      const { row, times } = each;
      this.table.remove(each);
      if (this.#listened(row.id)) this.#tell("leave", row.id, row.group, new Array<AnyRef>(times).fill(owner));
    }
  }

  #tell(event: "join" | "leave", id: KeyId, group: Key, members: readonly AnyRef[]): void {
    if (members.length === 0 || !this.#listened(id)) return;
    for (const monitors of [this.#byGroup.get(id), this.#ofScope]) {
      for (const ref of monitors ?? []) {
        ref.watcher.send({ event, ref, scope: this.name, group, members } satisfies GroupMessage);
      }
    }
  }

  #listened(id: KeyId): boolean {
    return this.#ofScope.size > 0 || this.#byGroup.has(id);
  }

  #unlist(monitor: GroupMonitor): void {
    if (monitor.group === undefined) this.#ofScope.delete(monitor);
    else removeFrom(this.#byGroup, idOf(monitor.group), monitor);
  }

  #checkAlive(actor: AnyRef, to: string): void {
    if (this.system.isAlive(actor)) return;
    throw new RegistryError("not_alive", `${actor.toString()} has ended: it cannot ${to}`);
  }
}

function addTo<Name, Each>(sets: Map<Name, Set<Each>>, name: Name, each: Each): void {
  const set = sets.get(name);
  if (set === undefined) sets.set(name, new Set([each]));
  else set.add(each);
}

function removeFrom<Name, Each>(sets: Map<Name, Set<Each>>, name: Name, each: Each): boolean {
  const set = sets.get(name);
  if (set?.delete(each) !== true) return false;
  if (set.size === 0) sets.delete(name);
  return true;
}
