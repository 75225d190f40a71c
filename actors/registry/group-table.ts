import type { KeyId } from "./key.js";

/** One membership: how often a member has joined a group. */
export interface Membership<Group> {
  readonly group: Group;
  times: number;
}

interface GroupRow<Group, Member> {
  readonly group: Group;
  readonly members: Map<Member, Membership<Group>>;
}

/**
 * Who is in which group, and how often: a member may join a group several times and leaves it as often.
 *
 * A group without members does not exist. Joining and leaving cost constant time; forgetting a member costs what it has joined.
 */
export class GroupTable<Group, Member> {
  readonly #groups = new Map<KeyId, GroupRow<Group, Member>>();
  readonly #byMember = new Map<Member, Map<KeyId, Membership<Group>>>();

  /** How many groups have members. */
  get size(): number {
    return this.#groups.size;
  }

  /** How many members there are in all groups together, each once. */
  get memberCount(): number {
    return this.#byMember.size;
  }

  /** Joins once; true when it is the member's first membership of any group. */
  join(id: KeyId, group: Group, member: Member): boolean {
    let row = this.#groups.get(id);
    if (row === undefined) {
      row = { group, members: new Map() };
      this.#groups.set(id, row);
    }
    const membership = row.members.get(member);
    if (membership !== undefined) {
      membership.times++;
      return false;
    }
    const joined = { group: row.group, times: 1 };
    row.members.set(member, joined);
    const own = this.#byMember.get(member);
    if (own === undefined) this.#byMember.set(member, new Map([[id, joined]]));
    else own.set(id, joined);
    return own === undefined;
  }

  /** Undoes one join; false when it is no member. */
  leave(id: KeyId, member: Member): boolean {
    const row = this.#groups.get(id);
    const membership = row?.members.get(member);
    if (row === undefined || membership === undefined) return false;
    if (--membership.times > 0) return true;
    this.#remove(id, row, member);
    const own = this.#byMember.get(member);
    own?.delete(id);
    if (own?.size === 0) this.#byMember.delete(member);
    return true;
  }

  /** Takes a member out of all its groups; returns what it had joined, the group joined first first. */
  forget(member: Member): readonly (readonly [KeyId, Membership<Group>])[] {
    const own = [...(this.#byMember.get(member) ?? [])];
    this.#byMember.delete(member);
    for (const [id] of own) {
      const row = this.#groups.get(id);
      if (row !== undefined) this.#remove(id, row, member);
    }
    return own;
  }

  /** Whether it is a member of any group. */
  has(member: Member): boolean {
    return this.#byMember.has(member);
  }

  /** The members of a group, one entry per join, in the order in which they joined first. */
  members(id: KeyId): Member[] {
    const list: Member[] = [];
    for (const [member, { times }] of this.#groups.get(id)?.members ?? []) {
      for (let time = 0; time < times; time++) list.push(member);
    }
    return list;
  }

  /** Each group that has members. */
  *groups(): Generator<readonly [KeyId, Group], void, undefined> {
    for (const [id, { group }] of this.#groups) yield [id, group];
  }

  /** Each member of any group. */
  allMembers(): Iterable<Member> {
    return this.#byMember.keys();
  }

  #remove(id: KeyId, row: GroupRow<Group, Member>, member: Member): void {
    row.members.delete(member);
    if (row.members.size === 0) this.#groups.delete(id);
  }
}
