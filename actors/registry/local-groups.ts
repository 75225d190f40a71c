import type { ActorRef, ActorSystem, AnyRef } from "../../src/index.js";
import { DEFAULT_SCOPE, findScope } from "./group-scope.js";
import type { GroupMonitorRef } from "./group-scope-core.js";
import { idOf, type Key } from "./key.js";
import { typed } from "./via-name.js";

/** What a monitor of a group begins with: who is in it now. */
export interface MonitoredGroup {
  readonly ref: GroupMonitorRef;
  readonly members: readonly AnyRef[];
}

/** What a monitor of a scope begins with: who is in which group now. */
export interface MonitoredScope {
  readonly ref: GroupMonitorRef;
  readonly groups: ReadonlyMap<Key, readonly AnyRef[]>;
}

/**
 * The groups of one scope. Found with {@link groupsOf}.
 *
 * A group is a name that actors join; one without members does not exist. An actor may join a group several times, and is its member until it has
 * left as often, or has ended. Every method has done its work when it returns.
 *
 * @throws {RegistryError} `unknown_scope` from every method, while the scope does not run
 */
export class LocalGroups {
  readonly system: ActorSystem;
  /** The name of the scope. */
  readonly scope: string;

  /** @internal */
  constructor(system: ActorSystem, scope: string) {
    this.system = system;
    this.scope = scope;
  }

  /** Makes actors members of a group: one, or several, or one several times. @throws {RegistryError} `not_alive`; then nobody has joined */
  join(group: Key, members: AnyRef | readonly AnyRef[]): void {
    findScope(this.system, this.scope).join(group, listOf(members));
  }

  /** Undoes one join of each actor given; `not_joined` when none of them was a member. */
  leave(group: Key, members: AnyRef | readonly AnyRef[]): "ok" | "not_joined" {
    return findScope(this.system, this.scope).leave(group, listOf(members)).length > 0 ? "ok" : "not_joined";
  }

  /** The members of a group, one entry per join. `A` is what the caller knows of their class. */
  members<A = unknown>(group: Key): ActorRef<A>[] {
    return this.localMembers<A>(group);
  }

  /** The members of a group that run in this process. */
  localMembers<A = unknown>(group: Key): ActorRef<A>[] {
    return findScope(this.system, this.scope)
      .table.members(idOf(group))
      .map((member) => typed<A>(member));
  }

  /** All groups that have members. */
  groups(): Key[] {
    return Array.from(findScope(this.system, this.scope).table.groups(), ([, group]) => group);
  }

  /** Sends a message to all members of a group, once for each join; returns how many. */
  send(group: Key, message: unknown): number {
    const members = this.members(group);
    for (const member of members) member.send(message);
    return members.length;
  }

  /** Has an actor sent a {@link GroupMessage} for each join and each leave of a group, beginning with what changes after the members returned. */
  monitor(group: Key, watcher: AnyRef): MonitoredGroup {
    const core = findScope(this.system, this.scope);
    return { ref: core.monitor(group, watcher), members: core.table.members(idOf(group)) };
  }

  /** Like {@link LocalGroups.monitor}, for all groups of the scope. */
  monitorScope(watcher: AnyRef): MonitoredScope {
    const core = findScope(this.system, this.scope);
    const groups = new Map(Array.from(core.table.groups(), ([id, group]) => [group, core.table.members(id)]));
    return { ref: core.monitor(undefined, watcher), groups };
  }

  /** Ends a monitor; false when it had ended. What was sent before still arrives. */
  demonitor(ref: GroupMonitorRef): boolean {
    return findScope(this.system, this.scope).demonitor(ref);
  }
}

/** The groups of a scope of a system. The scope need not run yet: only its use fails with `unknown_scope` then. */
export function groupsOf(system: ActorSystem, scope: string = DEFAULT_SCOPE): LocalGroups {
  return new LocalGroups(system, scope);
}

function listOf(members: AnyRef | readonly AnyRef[]): readonly AnyRef[] {
  return isList(members) ? members : [members];
}

function isList(members: AnyRef | readonly AnyRef[]): members is readonly AnyRef[] {
  return Array.isArray(members);
}
